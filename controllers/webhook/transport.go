// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxHeader = 16 << 10
	maxBody   = 64 << 10
	// connections are kept for the calls of a pool.
	connections = 64
)

// transport trusts the CAs in the PEM text, the system's if there is none. Replies are not decompressed: a small one
// could become a large one.
func transport(ca []byte) (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(ca) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("the CA holds no certificate: it must be PEM with BEGIN CERTIFICATE")
		}
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           connections,
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
	}, nil
}

// parseURL returns the address without a slash at its end. Its errors do not repeat it: who puts credentials into it
// does not want to read them in a log.
func parseURL(text string, allowHTTP bool) (string, error) {
	parsed, err := url.Parse(text)
	switch {
	case err != nil || parsed.Host == "":
		return "", errors.New("the URL is not like https://provider.example.com/path")
	case parsed.User != nil:
		return "", errors.New("the URL holds a user or a password: put the secret into the Secret of the credentials")
	case parsed.RawQuery != "" || parsed.Fragment != "" || parsed.ForceQuery:
		return "", errors.New("the URL holds a query or a fragment: paths are appended to it")
	case parsed.Scheme == "https":
	case parsed.Scheme != "http":
		return "", fmt.Errorf("the URL's scheme is %q: it must be https", parsed.Scheme)
	case !allowHTTP && !loopback(parsed.Hostname()):
		return "", errors.New("the URL is plain http to another machine, where anybody between can read and change " +
			"what is said: use https, or allow plain http explicitly")
	}
	return strings.TrimSuffix(parsed.String(), "/"), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
