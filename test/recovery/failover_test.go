// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eventcore/order-operator/test/harness"
)

// TestTheDatabaseFailsOverToAReplicaThatLackedEvents takes the last events away under a manager at work, as an asynchronous failover
// does. No status tells of them: it is what the manager has in memory.
func TestTheDatabaseFailsOverToAReplicaThatLackedEvents(t *testing.T) {
	s := newStage(t, server.Database(t))
	manager := s.ready()
	s.order(late...)
	before := s.ended(late...)
	s.settled()
	s.forget(3)
	s.must(manager.WaitHeld(s.ctx, "--accept-rollback"))
	s.stop(manager)
	manager = s.start()
	s.must(manager.WaitHeld(s.ctx, "--accept-rollback"))
	s.stop(manager)
	manager = s.ready("--accept-rollback")
	after := s.endedIn(2, late...)
	s.chargedOnce(s.settled())
	for name, order := range before {
		if was, is := end(order), end(after[name]); was != is {
			t.Errorf("%s: ended as %s, and after the disaster as %s", name, was, is)
		}
	}
	s.stop(manager)
}

// forget removes the last events from the database, and all read models.
func (s *stage) forget(events int) {
	s.t.Helper()
	conn, err := pgx.Connect(s.ctx, s.store)
	s.must(err)
	defer func() { _ = conn.Close(s.ctx) }()
	script := `BEGIN;
		ALTER TABLE eventcore.head DISABLE TRIGGER ALL;
		ALTER TABLE eventcore.events DISABLE TRIGGER ALL;
		ALTER TABLE eventcore.memberships DISABLE TRIGGER ALL;
		ALTER TABLE eventcore.commands DISABLE TRIGGER ALL;
		UPDATE eventcore.head SET position = position - ` + strconv.Itoa(events) + `;
		DELETE FROM eventcore.events WHERE position > (SELECT position FROM eventcore.head);
		DELETE FROM eventcore.memberships WHERE position > (SELECT position FROM eventcore.head);
		DELETE FROM eventcore.commands WHERE last_position > (SELECT position FROM eventcore.head);
		DELETE FROM eventcore.documents;
		DELETE FROM eventcore.read_models;
		COMMIT;`
	_, err = conn.PgConn().Exec(s.ctx, script).ReadAll()
	s.must(err)
}

// TestMetricsAreForWhomTheAPIServerLetsGetThem scrapes a manager without a token, with one that has no rights, and with one that has.
func TestMetricsAreForWhomTheAPIServerLetsGetThem(t *testing.T) {
	s := newStage(t, "")
	address, err := harness.FreeAddress()
	s.must(err)
	manager := s.ready("--metrics-bind-address=" + address)
	scraper := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer scraper.CloseIdleConnections()
	scrape := func(token string) (int, string) {
		request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, "https://"+address+"/metrics", http.NoBody)
		s.must(err)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := scraper.Do(request)
		for errors.Is(err, syscall.ECONNREFUSED) { // the manager is ready before it has a certificate for its metrics
			response, err = scraper.Do(request)
		}
		s.must(err)
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		s.must(err)
		return response.StatusCode, string(body)
	}
	token := s.token("scraper")
	if code, _ := scrape(""); code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", code)
	}
	if code, _ := scrape(token); code != http.StatusForbidden {
		t.Errorf("without the right: %d", code)
	}
	s.must(s.cluster.Client.Create(s.ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "scraper"},
		Rules:      []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}},
	}))
	token = s.token("scraper-too", "scraper") // not the one before: what was refused is remembered for a while
	code, metrics := scrape(token)
	if code != http.StatusOK || !strings.Contains(metrics, `order_operator_history_held{reason="RolledBack"} 0`) {
		t.Errorf("with the right: %d, %s", code, metrics)
	}
	s.stop(manager)
}

// token makes an account in the shop, binds it to the roles, and returns a token of it.
func (s *stage) token(name string, roles ...string) string {
	s.t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: name}}
	s.must(s.cluster.Client.Create(s.ctx, account))
	for _, role := range roles {
		s.must(s.cluster.Client.Create(s.ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: shop, Name: name}},
		}))
	}
	request := &authenticationv1.TokenRequest{}
	s.must(s.cluster.Client.SubResource("token").Create(s.ctx, account, request))
	return request.Status.Token
}
