// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/eventcore/order-operator/test/harness"
)

var (
	rounds = flag.Int("rounds", 5, "how often the manager is killed")
	seed   = flag.Uint64("seed", 0, "the seed of the moments at which it is killed; random if 0")
)

// patience bounds whatever is waited for: it is for machines that are busy with something else.
const patience = 2 * time.Minute

// stage is what all tests share: one control plane, and one event store with its ledgers. A second store would take the Orders of the first one
// for new.
type stage struct {
	cluster *harness.Cluster
	witness *harness.Witness
	manager harness.ManagerOptions
	root    string
}

var shared *stage

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "torture-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s := &stage{}
	if s.root, err = harness.Root(); err != nil {
		return 1, err
	}
	if s.cluster, err = harness.StartCluster(ctx, harness.ClusterOptions{Root: s.root}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, s.cluster.Stop()) }()
	if err := s.prepare(ctx, folder); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, s.witness.Close()) }()
	shared = s
	code = m.Run()
	if code != 0 {
		printTail(s.manager.Log)
	}
	return code, nil
}

func (s *stage) prepare(ctx context.Context, folder string) (err error) {
	world, err := harness.NewWorld(filepath.Join(folder, "world"))
	if err != nil {
		return err
	}
	program, err := harness.BuildManager(ctx, s.root, folder)
	if err != nil {
		return err
	}
	s.manager = harness.ManagerOptions{
		Program: program, World: world,
		Kubeconfig: filepath.Join(folder, "kubeconfig"), Log: filepath.Join(folder, "manager.log"),
	}
	if err := s.cluster.WriteManagerKubeconfig(ctx, s.manager.Kubeconfig); err != nil {
		return err
	}
	if err := s.cluster.ApplyFile(ctx, "", filepath.Join(s.root, "config", "samples", "gateway-and-carrier.yaml")); err != nil {
		return err
	}
	s.witness, err = world.Witness(ctx)
	return err
}

// printTail shows what the managers said last.
func printTail(log string) {
	const most = 8 << 10
	file, err := os.Open(log)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > most {
		_, _ = file.Seek(-most, io.SeekEnd)
	}
	_, _ = fmt.Fprintln(os.Stderr, "--- the end of the manager's log")
	_, _ = io.Copy(os.Stderr, file)
}
