// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// Site is where the tests of a package work: a folder of their own, which is removed, and the project's root.
type Site struct {
	Folder, Root string
}

// Main is what a TestMain does whose tests share something: it runs all of them with a site, and exits with their code,
// or with 1 and the error. What controller-runtime logs is discarded.
func Main(prefix string, run func(ctx context.Context, site Site) (code int, err error)) {
	ctrl.SetLogger(logr.Discard())
	code, err := onSite(context.Background(), prefix, run)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// ClusterMain is Main with a cluster, which is stopped.
func ClusterMain(prefix string, run func(ctx context.Context, site Site, cluster *Cluster) (code int, err error)) {
	Main(prefix, func(ctx context.Context, site Site) (code int, err error) {
		cluster, err := StartCluster(ctx, ClusterOptions{Root: site.Root})
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, cluster.Stop()) }()
		return run(ctx, site, cluster)
	})
}

func onSite(ctx context.Context, prefix string, run func(context.Context, Site) (int, error)) (code int, err error) {
	site := Site{}
	if site.Root, err = Root(); err != nil {
		return 1, err
	}
	if site.Folder, err = os.MkdirTemp("", prefix); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(site.Folder)) }()
	return run(ctx, site)
}

// PrintTail writes the end of a log to the standard error, for tests that have failed.
func PrintTail(log string) {
	const most = 8 << 10
	file, err := os.Open(log)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > most {
		_, _ = file.Seek(-most, io.SeekEnd)
	}
	_, _ = fmt.Fprintln(os.Stderr, "--- the end of the manager's log")
	_, _ = io.Copy(os.Stderr, file)
}
