// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

// Valid manifests, which the tests change in one place each.

const orderManifest = `
apiVersion: commerce.eventcore.dev/v1
kind: Order
metadata:
  name: order-1
spec:
  customer:
    id: cust-123
    email: ada@example.com
  currency: USD
  items:
  - productName: laptop-001
    quantity: 1
    unitPrice: "1200.00"
  - productName: mouse-001
    quantity: 2
    unitPrice: "150.00"
  payment:
    gatewayName: main
    token: sim_approve
    captureMode: Immediate
  shipping:
    carrierName: post
    address:
      name: Ada Example
      lines:
      - 1 Sample Street
      city: Springfield
      postalCode: "12345"
      country: US
`

// bothItems is the list of items in orderManifest.
const bothItems = `  - productName: laptop-001
    quantity: 1
    unitPrice: "1200.00"
  - productName: mouse-001
    quantity: 2
    unitPrice: "150.00"
`

const productManifest = `
apiVersion: commerce.eventcore.dev/v1
kind: Product
metadata:
  name: laptop-001
spec:
  supply:
  - source: warehouse-a
    received: 10
    removed: 2
  - source: warehouse-b
    received: 5
`

const gatewayManifest = `
apiVersion: commerce.eventcore.dev/v1
kind: PaymentGateway
metadata:
  name: main
spec:
  provider:
    simulated: {}
`

const carrierManifest = `
apiVersion: commerce.eventcore.dev/v1
kind: Carrier
metadata:
  name: post
spec:
  provider:
    simulated: {}
`

// webhookLines are the provider of a gateway or carrier that is a webhook.
const webhookLines = `    webhook:
      url: https://provider.example.com/orders
      credentialsSecretName: provider
`

const webhookGateway = `
apiVersion: commerce.eventcore.dev/v1
kind: PaymentGateway
metadata:
  name: webhook
spec:
  provider:
` + webhookLines

const stripeGateway = `
apiVersion: commerce.eventcore.dev/v1
kind: PaymentGateway
metadata:
  name: stripe
spec:
  provider:
    stripe:
      credentialsSecretName: stripe
`

const webhookCarrier = `
apiVersion: commerce.eventcore.dev/v1
kind: Carrier
metadata:
  name: webhook
spec:
  provider:
` + webhookLines
