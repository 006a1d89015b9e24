// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/eventcore/order-operator/controllers/kube"
)

func TestALazyLoggerWritesWhatTheOtherOneDoes(t *testing.T) {
	write := func(lazy bool) string {
		var text bytes.Buffer
		logger := zap.New(zap.WriteTo(&text), zap.JSONEncoder(), func(o *zap.Options) { o.TimeEncoder = nil })
		if lazy {
			logger = kube.Lazy(logger)
		}
		logger = logger.WithName("order").WithValues("controller", "order").WithName("phase")
		one, other := logger.WithValues("name", "a"), logger.WithValues("name", "b")
		helper(one)
		other.Error(errors.New("broken"), "It failed", "attempt", 2)
		logger.V(9).Info("not wanted")
		// Times and the stack of an error differ by themselves.
		var lines []string
		for line := range strings.Lines(text.String()) {
			_, rest, _ := strings.Cut(line, `"logger"`)
			rest, _, _ = strings.Cut(rest, `"stacktrace"`)
			lines = append(lines, rest)
		}
		return strings.Join(lines, "\n")
	}
	if eager, lazy := write(false), write(true); eager != lazy || !strings.Contains(lazy, `"name":"b","attempt":2`) {
		t.Errorf("eager\n%s\nlazy\n%s", eager, lazy)
	}
}

func helper(logger logr.Logger) { logger.WithCallDepth(1).Info("It went well", "attempt", 1) }

func TestALazyLoggerIsCheapUntilItLogs(t *testing.T) {
	logger := kube.Lazy(zap.New(zap.WriteTo(&bytes.Buffer{})))
	allocations := testing.AllocsPerRun(100, func() { logger.WithValues("namespace", "shop").WithValues("name", "order-001") })
	if allocations > 8 {
		t.Errorf("%v allocations", allocations)
	}
}
