// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// What an order uses, as the tables name it.
const (
	apiServer   = "ms API server"
	etcd        = "ms etcd"
	operatorCPU = "ms operator"
	loadCPU     = "ms load"

	creates       = "creates"
	statusWrites  = "status writes"
	productWrites = "product writes"
	otherWrites   = "other writes"
	reads         = "reads"

	statusBytes = "status bytes"

	commits = "commits"
	events  = "events"
)

// usage is what was used so far, by what it is.
type usage map[string]float64

// usage reads the counters of the API server, and what the processes have worked.
func (p *plant) usage(ctx context.Context, operator int) (usage, error) {
	used, err := p.requests(ctx)
	if err != nil {
		return nil, err
	}
	pids := map[string]int{operatorCPU: operator, loadCPU: os.Getpid()}
	maps.Copy(pids, p.servers)
	for name, pid := range pids {
		stat, err := readStat(pid)
		if err != nil {
			return nil, err
		}
		used[name] = float64(stat.cpu) / float64(time.Millisecond)
	}
	return used, nil
}

// since notes in the result what was used since before.
func (u usage) since(before usage, result *measure.Result) {
	for what, amount := range u {
		result.Use(what, amount-before[what])
	}
}

// requests reads how many requests the API server has answered so far.
func (p *plant) requests(ctx context.Context) (_ usage, err error) {
	httpClient, err := rest.HTTPClientFor(p.config)
	if err != nil {
		return nil, err
	}
	body, err := get(ctx, httpClient, strings.TrimSuffix(p.config.Host, "/")+"/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	return countRequests(body)
}

func get(ctx context.Context, from *http.Client, address string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := from.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("get %s: %s", address, response.Status), response.Body.Close())
	}
	return response.Body, nil
}

var (
	requestLine = regexp.MustCompile(`^apiserver_request_total\{(.*)\} (\S+)$`)
	label       = regexp.MustCompile(`(\w+)="([^"]*)"`)
)

// countRequests sums the API server's counters up by what they are for.
func countRequests(metrics io.Reader) (usage, error) {
	used := usage{creates: 0, statusWrites: 0, productWrites: 0, otherWrites: 0, reads: 0}
	lines := bufio.NewScanner(metrics)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		match := requestLine.FindStringSubmatch(lines.Text())
		if match == nil {
			continue
		}
		count, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", lines.Text(), err)
		}
		labels := map[string]string{}
		for _, pair := range label.FindAllStringSubmatch(match[1], -1) {
			labels[pair[1]] = pair[2]
		}
		if what := kindOf(labels); what != "" {
			used[what] += count
		}
	}
	return used, lines.Err()
}

// kindOf returns what a request is for, nothing for lists and watches, and for what others read.
func kindOf(labels map[string]string) string {
	ours := strings.HasPrefix(labels["group"], "commerce.")
	switch labels["verb"] {
	case "GET":
		if ours {
			return reads
		}
		return ""
	case "POST", "PUT", "PATCH", "APPLY", "DELETE":
		if ours {
			return writeOf(labels)
		}
		return otherWrites
	}
	return ""
}

// writeOf returns what a write of one of our resources is.
func writeOf(labels map[string]string) string {
	switch {
	case labels["resource"] == "orders" && labels["verb"] == "POST":
		return creates
	case labels["resource"] == "orders" && labels["subresource"] == "status":
		return statusWrites
	case labels["resource"] == "products":
		return productWrites
	}
	return otherWrites
}
