// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// Table asks the API server for the table of a resource of the operator, such as orders, that kubectl get prints.
func (c *Cluster) Table(ctx context.Context, namespace, resource string) (*metav1.Table, error) {
	httpClient, err := rest.HTTPClientFor(c.config)
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("%s/apis/%s/namespaces/%s/%s", strings.TrimSuffix(c.config.Host, "/"), commercev1.GroupVersion, namespace, resource)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	response, err := httpClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get the table of %s: %s", resource, response.Status)
	}
	table := &metav1.Table{}
	if err := json.Unmarshal(body, table); err != nil {
		return nil, fmt.Errorf("read the table of %s: %w", resource, err)
	}
	return table, nil
}

// PrintTable prints the table as kubectl does, without the columns that only "kubectl get -o wide" shows.
func PrintTable(out io.Writer, table *metav1.Table) error {
	columns := tabwriter.NewWriter(out, 6, 4, 3, ' ', 0)
	var heads []string
	for _, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			heads = append(heads, strings.ToUpper(column.Name))
		}
	}
	_, _ = fmt.Fprintln(columns, strings.Join(heads, "\t"))
	for _, row := range table.Rows {
		var cells []string
		for i, cell := range row.Cells {
			if table.ColumnDefinitions[i].Priority != 0 {
				continue
			}
			if cell == nil {
				cell = ""
			}
			cells = append(cells, fmt.Sprint(cell))
		}
		_, _ = fmt.Fprintln(columns, strings.Join(cells, "\t"))
	}
	return columns.Flush()
}
