// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
)

// callTimeout is how long a provider may take to answer.
const callTimeout = 2 * time.Second

var (
	errBroken      = errors.New("simulated: the connection broke")
	errUnavailable = fmt.Errorf("%w: simulated", calls.ErrUnavailable)
)

// call sends a request of the process to a provider, through a network that loses, repeats and delays.
func call[T any](ctx context.Context, p *process, what, key string, read bool, do func(counted bool) (T, error)) (T, error) {
	w := p.world
	var result struct {
		value T
		err   error
	}
	err := w.ask(ctx, p, &request{
		label: p.name + " " + what + " " + key, read: read,
		arrive: func() time.Duration {
			var delay time.Duration
			result.value, result.err, delay = through(w, what+" "+key, do)
			w.remark(result.err)
			return delay
		},
	})
	if err = errors.Join(err, result.err); err != nil {
		var none T
		return none, err
	}
	return result.value, nil
}

// through lets the network and the provider's moods decide what becomes of a request.
func through[T any](w *World, what string, do func(counted bool) (T, error)) (value T, err error, delay time.Duration) { //nolint:revive,staticcheck // the delay is no result
	f := &w.faults
	switch {
	case w.providersDown:
		if w.chance(0.5) {
			return value, errUnavailable, 0
		}
		return value, errBroken, noAnswer
	case w.chance(f.callUnavailable):
		w.count("unavailable")
		return value, errUnavailable, 0
	case w.chance(f.callLost):
		w.count("lostRequests")
		return value, errBroken, 0
	case w.chance(f.callLate):
		w.count("lateRequests")
		w.after(w.between(time.Second, time.Minute), "late: "+what, func() { _, _ = do(true) })
		return value, errBroken, w.between(0, 2*callTimeout)
	}
	value, err = do(true)
	if w.chance(f.callTwice) {
		w.count("repeatedRequests")
		w.after(w.between(0, 30*time.Second), "again: "+what, func() { _, _ = do(false) })
	}
	switch {
	case w.chance(f.callLostReply):
		w.count("lostReplies")
		var none T
		return none, errBroken, w.between(0, time.Second)
	case w.chance(f.callHang):
		w.count("hangs")
		return value, err, noAnswer
	case w.chance(f.callSlow):
		w.count("slow")
		return value, err, w.between(0, 2*callTimeout)
	}
	return value, err, 0
}

// bankClient is the bank as a process reaches it.
type bankClient struct{ process *process }

var _ payment.Provider = bankClient{}

// Do implements payment.Provider.
func (c bankClient) Do(ctx context.Context, r payment.Request) (payment.Movement, error) {
	return call(ctx, c.process, string(r.Action), r.Key, false, func(counted bool) (payment.Movement, error) {
		return c.process.world.bank.pay(r, counted)
	})
}

// Find implements payment.Provider.
func (c bankClient) Find(ctx context.Context, r payment.Request) (*payment.Movement, error) {
	return call(ctx, c.process, "looks up", r.Key, true, func(bool) (*payment.Movement, error) {
		e, err := c.process.world.bank.find(r.Key)
		if e == nil || err != nil {
			return nil, err
		}
		return &payment.Movement{Reference: e.reference, Amount: e.Amount}, nil
	})
}

// Cancel implements payment.Provider.
func (c bankClient) Cancel(ctx context.Context, r payment.Request) error {
	return fence(ctx, c.process, c.process.world.bank, r.Key)
}

func fence(ctx context.Context, p *process, b *book, key string) error {
	_, err := call(ctx, p, "fences", key, false, func(bool) (struct{}, error) { return struct{}{}, b.fence(key) })
	return err
}

// carrierClient is the carrier as a process reaches it.
type carrierClient struct{ process *process }

var _ shipping.Provider = carrierClient{}

// Create implements shipping.Provider.
func (c carrierClient) Create(ctx context.Context, r shipping.ShipmentRequest) (shipping.Shipment, error) {
	return call(ctx, c.process, "ship", r.Key, false, func(counted bool) (shipping.Shipment, error) {
		return c.process.world.carrier.ship(r, counted)
	})
}

// CancelShipment implements shipping.Provider.
func (c carrierClient) CancelShipment(ctx context.Context, r shipping.CancelRequest) (shipping.Cancellation, error) {
	return call(ctx, c.process, "withdraw", r.Key, false, func(counted bool) (shipping.Cancellation, error) {
		return c.process.world.carrier.withdraw(r, counted)
	})
}

// FindShipment implements shipping.Provider.
func (c carrierClient) FindShipment(ctx context.Context, key string) (*shipping.Shipment, error) {
	return call(ctx, c.process, "looks up", key, true, func(bool) (*shipping.Shipment, error) {
		e, err := c.process.world.carrier.find(key)
		if e == nil || err != nil {
			return nil, err
		}
		return &shipping.Shipment{Reference: e.reference, TrackingNumber: "T"}, nil
	})
}

// FindCancellation implements shipping.Provider.
func (c carrierClient) FindCancellation(ctx context.Context, key string) (*shipping.Cancellation, error) {
	return call(ctx, c.process, "looks up", key, true, func(bool) (*shipping.Cancellation, error) {
		e, err := c.process.world.carrier.find(key)
		if e == nil || err != nil {
			return nil, err
		}
		return &shipping.Cancellation{Reference: e.of}, nil
	})
}

// Cancel implements shipping.Provider.
func (c carrierClient) Cancel(ctx context.Context, key string) error {
	return fence(ctx, c.process, c.process.world.carrier, key)
}
