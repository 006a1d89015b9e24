// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crashpoint

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrDead is what a dead process gets from the world.
var ErrDead = errors.New("the process is dead")

// Points are the boundaries that the processes of one world cross, one process after the other. Their methods may be
// called concurrently.
type Points struct {
	mu      sync.Mutex
	count   map[string]int
	names   []string
	targets []string
	died    chan struct{}
}

// New returns points at which a process dies, one death after the other; none for processes that live.
func New(targets ...string) *Points {
	return &Points{count: map[string]int{}, targets: slices.Clone(targets), died: make(chan struct{}, len(targets))}
}

// Names returns the boundaries that were crossed, in their order. Each has the number of its crossing.
func (p *Points) Names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.names)
}

// Missed returns how many of the deaths did not come about.
func (p *Points) Missed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.targets)
}

// Died receives a value for each death.
func (p *Points) Died() <-chan struct{} { return p.died }

// dies notes a crossing, and reports whether the process dies there.
func (p *Points) dies(what string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count[what]++
	name := fmt.Sprintf("%s #%d", what, p.count[what])
	p.names = append(p.names, name)
	if len(p.targets) == 0 || p.targets[0] != name {
		return false
	}
	p.targets = p.targets[1:]
	return true
}

// Process is what dies. The zero value lives, and crosses nothing that is counted. Its methods may be called
// concurrently.
type Process struct {
	// Points are the world's, nil if nobody counts.
	Points *Points

	dead atomic.Bool
}

// Die ends the process.
func (p *Process) Die() { p.dead.Store(true) }

// Dead reports whether the process has died.
func (p *Process) Dead() bool { return p.dead.Load() }

// Cross returns ErrDead if the process is dead, or dies here.
func (p *Process) Cross(what string) error {
	if p.Dead() {
		return ErrDead
	}
	if p.Points == nil || !p.Points.dies(what) {
		return nil
	}
	p.Die()
	p.Points.died <- struct{}{}
	return ErrDead
}

// Between does what happens between two boundaries, before and after what.
func Between[T any](p *Process, what string, do func() (T, error)) (T, error) {
	var none T
	if err := p.Cross("before " + what); err != nil {
		return none, err
	}
	result, err := do()
	if dead := p.Cross("after " + what); dead != nil {
		return none, dead
	}
	return result, err
}

// Do is Between for what returns nothing but an error.
func Do(p *Process, what string, do func() error) error {
	_, err := Between(p, what, func() (struct{}, error) { return struct{}{}, do() })
	return err
}
