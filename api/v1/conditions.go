// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// Types of conditions. An Order has the first four, the other kinds have Ready, a Product may have Oversubscribed and
// Consistent. Reconciling, Stalled and Oversubscribed are present only while they are True, the first two never both:
// kubectl, Flux, Helm and Argo CD read them the same way.
const (
	// ConditionSucceeded is True once the order is fulfilled and False once it has ended in any other way. It is
	// absent while the order is under way: wait for it, or for status.outcome, to learn the end.
	ConditionSucceeded = "Succeeded"

	// ConditionReady is True when the object is as its user asked for; its reason says in one word where it stands.
	// On an Order it is False all the way to the end, on the other kinds it says whether orders can use them.
	ConditionReady = "Ready"

	// ConditionReconciling is True while the operator works on the object, or waits for something that may still
	// come.
	ConditionReconciling = "Reconciling"

	// ConditionStalled is True when the operator can do no more: the order was refused, or it needs a person.
	ConditionStalled = "Stalled"

	// ConditionOversubscribed is True while more units of a product are reserved and shipped than its sources say are
	// there, because more was removed than was left. What is reserved stays so, and nothing more can be reserved.
	ConditionOversubscribed = "Oversubscribed"

	// ConditionConsistent is False on a Product whose stock the checker has found to be wrong, and absent otherwise.
	ConditionConsistent = "Consistent"
)

// Reasons of an Order that is under way: Ready is False, or Unknown for Pending, and Reconciling is True.
const (
	// ReasonPending is the default of the API server: no controller has seen the object yet.
	ReasonPending = "Pending"

	// ReasonAccepted means that the order is recorded and that its first step has not begun.
	ReasonAccepted = "Accepted"

	// ReasonReservingStock means that the stock of all items is being reserved.
	ReasonReservingStock = "ReservingStock"

	// ReasonProcessingPayment means that the payment gateway is asked for the money.
	ReasonProcessingPayment = "ProcessingPayment"

	// ReasonCreatingShipment means that the carrier is asked for the shipment.
	ReasonCreatingShipment = "CreatingShipment"

	// ReasonCapturingPayment means that the payment gateway is asked for the money that it has set aside.
	ReasonCapturingPayment = "CapturingPayment"

	// ReasonCompleting means that every step succeeded and that the goods are about to be released to the carrier.
	ReasonCompleting = "Completing"

	// ReasonWaitingForProduct means that an item names a Product that does not exist. The order goes on when it is
	// created, and is cancelled at its deadline.
	ReasonWaitingForProduct = "WaitingForProduct"

	// ReasonWaitingForGateway means that the PaymentGateway that the order names does not exist or can't be used. The
	// order goes on when it can, and is cancelled at its deadline.
	ReasonWaitingForGateway = "WaitingForGateway"

	// ReasonWaitingForCarrier means that the Carrier that the order names does not exist or can't be used. The order
	// goes on when it can, and is cancelled at its deadline.
	ReasonWaitingForCarrier = "WaitingForCarrier"

	// ReasonWaitingForOrder means that the Order with the payment token was gone when it was needed. The order goes on now
	// that it is here again.
	ReasonWaitingForOrder = "WaitingForOrder"

	// ReasonWaitingForEarlierAttempt means that spec.attempt asks for an order that can't start before the attempt before
	// it has ended and is undone wholly.
	ReasonWaitingForEarlierAttempt = "WaitingForEarlierAttempt"

	// ReasonSuspended means that the order was stopped by spec.suspend, or because its Order was deleted, and goes on
	// when it is resumed. It is cancelled at its deadline nevertheless.
	ReasonSuspended = "Suspended"

	// ReasonRetryScheduled means that a try of the step failed for a reason that may pass. The step's
	// nextAttemptTime says when it is tried again.
	ReasonRetryScheduled = "RetryScheduled"

	// ReasonOutcomeUnknown means that a provider did not answer in time. It is asked what became of the call before
	// anything else is done.
	ReasonOutcomeUnknown = "OutcomeUnknown"

	// ReasonCompensating means that the order failed or was called off, and that what was done for it is being undone, in reverse.
	ReasonCompensating = "Compensating"
)

// Reasons of an Order that has ended or that can't go on.
const (
	// ReasonCompleted means that the order is paid and released to the carrier: Succeeded and Ready are True.
	ReasonCompleted = "Completed"

	// ReasonOutOfStock means that at least one product had too few units left. Nothing was reserved or charged.
	ReasonOutOfStock = "OutOfStock"

	// ReasonPaymentDeclined means that the payment gateway refused the payment. The stock was released.
	ReasonPaymentDeclined = "PaymentDeclined"

	// ReasonShipmentRefused means that the carrier refused the shipment. The payment was refunded and the stock
	// released.
	ReasonShipmentRefused = "ShipmentRefused"

	// ReasonCaptureRefused means that the payment gateway refused to pay out what it had set aside. Everything was undone.
	ReasonCaptureRefused = "CaptureRefused"

	// ReasonCancelledByUser means that spec.cancellation asked for the end. Everything was undone: Succeeded is False, and
	// Ready is True, because that is what was wanted.
	ReasonCancelledByUser = "CancelledByUser"

	// ReasonOrderDeleted means that the Order was deleted before its end, and not created again in time. Everything was
	// undone.
	ReasonOrderDeleted = "OrderDeleted"

	// ReasonDeadlineExceeded means that the order was not done by its deadline. Everything was undone.
	ReasonDeadlineExceeded = "DeadlineExceeded"

	// ReasonNeedsAttention means that the operator can't tell or can't do what is right and that a person has to
	// decide, by spec.resolution: Ready is False and Stalled is True, and status.attention says why.
	ReasonNeedsAttention = "NeedsAttention"

	// ReasonInvariantViolated means that the checker has found something that must not happen, such as a second charge:
	// Ready is False and Stalled is True, and the message names the rule and says what is wrong. On a Product, Consistent
	// is False. It is a mistake of the operator or of a provider, and stays said.
	ReasonInvariantViolated = "InvariantViolated"

	// ReasonNameTaken means that an earlier order of the same name had other content, or was completed. Nothing was done
	// for this one: create it under a new name or, if the message says so, raise spec.attempt.
	ReasonNameTaken = "NameTaken"
)

// Reasons of a Product.
const (
	// ReasonProjected means that status shows the stock as recorded: Ready is True and orders can reserve it.
	ReasonProjected = "Projected"

	// ReasonSupplyRemoved means that a source's removed rose above what was left: Oversubscribed is True until received
	// has risen, or orders that had reserved were cancelled.
	ReasonSupplyRemoved = "SupplyRemoved"

	// ReasonSupplyBehindHistory means that a source's totals in spec are below the ones recorded, as in a Product
	// that was deleted and created again with too small numbers. Stock stays as recorded: Ready is False until the
	// totals have caught up.
	ReasonSupplyBehindHistory = "SupplyBehindHistory"
)

// Reasons of a PaymentGateway and of a Carrier.
const (
	// ReasonConfigured means that the provider is set up: Ready is True and orders can use it.
	ReasonConfigured = "Configured"

	// ReasonConfigurationInvalid means that the provider can't be reached as spec says. Orders wait until it is mended.
	ReasonConfigurationInvalid = "ConfigurationInvalid"

	// ReasonSecretNotFound means that the Secret with the credentials, or its key, is not in the operator's namespace, or
	// can't be read. Orders wait until it is there.
	ReasonSecretNotFound = "SecretNotFound"

	// ReasonSecretInvalid means that the Secret holds something that can't be credentials. Orders wait until it does.
	ReasonSecretInvalid = "SecretInvalid"

	// ReasonInUse means that the object was deleted, and stays until the orders that it has served are at their end: what
	// was done for them may have to be undone. New orders wait.
	ReasonInUse = "InUse"

	// Finalizer keeps a PaymentGateway or a Carrier until no order needs it any more.
	Finalizer = "commerce.eventcore.dev/in-use"
)
