// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests has the real kubectl build every overlay and component of config/, and a real API server accept what
// they render, admit their pods and say what their ServiceAccounts may do. The real manager takes their flags. Kinds of other
// projects, such as ServiceMonitor, are stood for by the CRDs of testdata/crds, which take any content.
package manifests
