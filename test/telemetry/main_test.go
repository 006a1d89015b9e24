// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/test/harness"
)

// patience bounds whatever is waited for: it is for machines that are busy with something else.
const patience = 2 * time.Minute

// namespace is that of the orders.
const namespace = "shop"

// What the manager has told of the orders.
var (
	// scraped are its metrics, while it was at work.
	scraped string
	// logged is its log.
	logged string
	traces = &collector{}
)

func TestMain(m *testing.M) {
	harness.ClusterMain("telemetry-", func(ctx context.Context, site harness.Site, cluster *harness.Cluster) (int, error) {
		if err := watch(ctx, cluster, site.Root, site.Folder); err != nil {
			return 1, fmt.Errorf("%w\n%s", err, logged)
		}
		return m.Run(), nil
	})
}

// watch has orders carried out, and keeps what is told of them.
func watch(ctx context.Context, cluster *harness.Cluster, root, folder string) (err error) {
	options := harness.ManagerOptions{Kubeconfig: filepath.Join(folder, "kubeconfig"), Log: filepath.Join(folder, "log")}
	if options.Program, err = harness.BuildManager(ctx, root, folder); err != nil {
		return err
	}
	if options.World, err = harness.NewWorld(folder); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := cluster.WriteManagerKubeconfig(ctx, options.Kubeconfig); err != nil {
		return err
	}
	endpoint, stop, err := traces.listen()
	if err != nil {
		return err
	}
	defer stop()
	metrics, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	options.Arguments = []string{
		"--metrics-bind-address=" + metrics, "--metrics-secure=false", "--history-bind-address=0", "--trace-endpoint=" + endpoint,
	}
	manager, err := harness.StartManager(options)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, manager.Stop(context.WithoutCancel(ctx)))
		content, readErr := os.ReadFile(options.Log)
		logged, err = string(content), errors.Join(err, readErr)
	}()
	if err := manager.WaitReady(ctx); err != nil {
		return err
	}
	if err := order(ctx, cluster, root); err != nil {
		return err
	}
	return scrape(ctx, "http://"+metrics+"/metrics")
}

// scrape keeps the metrics once both ends are in them: a status is there before its metric.
func scrape(ctx context.Context, url string) (err error) {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	for !strings.Contains(scraped, "\norder_operator_status_lag_seconds_count 2\n") {
		if scraped, err = get(ctx, url); err != nil {
			return err
		}
		<-ticker.C
	}
	return nil
}

// order orders what succeeds and what is declined, and waits for the ends.
func order(ctx context.Context, cluster *harness.Cluster, root string) error {
	if err := cluster.CreateNamespace(ctx, namespace); err != nil {
		return err
	}
	for _, sample := range []string{"gateway-and-carrier", "products", "order-001", "order-003-declined"} {
		if err := cluster.ApplyFile(ctx, namespace, filepath.Join(root, "config", "samples", sample+".yaml")); err != nil {
			return err
		}
	}
	_, err := cluster.WaitForOrders(ctx, namespace, "order-001", "order-003-declined")
	return err
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s\n%s", url, response.Status, body)
	}
	return string(body), err
}
