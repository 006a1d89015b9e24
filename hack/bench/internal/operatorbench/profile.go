// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// profileSeconds is how much of a load is profiled.
const profileSeconds = 5

// profile begins a CPU profile of the operator, if it is ours and profiles are wanted, and returns how to wait for it
// and add one of the heap.
func (p *plant) profile(ctx context.Context, operator operator) (finish func() error) {
	manager, ok := operator.(*running)
	if !ok || p.profiles == "" {
		return func() error { return nil }
	}
	p.profiled++
	ended := make(chan error, 1)
	go func() {
		ended <- p.save(ctx, fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", manager.profiles, profileSeconds), "cpu")
	}()
	return func() error { return errors.Join(<-ended, p.profileHeap(ctx, manager)) }
}

// profileHeap adds a profile of the heap, if profiles are wanted.
func (p *plant) profileHeap(ctx context.Context, manager *running) error {
	if p.profiles == "" {
		return nil
	}
	return p.save(ctx, manager.profiles+"/debug/pprof/heap?gc=1", "heap")
}

// save writes what the address gives to a file.
func (p *plant) save(ctx context.Context, address, kind string) (err error) {
	body, err := get(ctx, http.DefaultClient, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	path := filepath.Join(p.profiles, fmt.Sprintf("%s-%d.pprof", kind, p.profiled))
	file, err := os.Create(path) //nolint:gosec // whoever runs the program names the folder
	if err != nil {
		return err
	}
	_, err = io.Copy(file, body)
	return errors.Join(err, file.Close())
}
