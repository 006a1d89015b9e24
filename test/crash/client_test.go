// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/eventcore/order-operator/test/crashpoint"
)

// clientOf returns the API server as the process uses it: it reads from its cache, and every write, of whatever verb and
// kind, is a boundary.
func clientOf(server client.WithWatch, cached client.Reader, process *crashpoint.Process) client.Client {
	write := func(verb string, object any, do func() error) error {
		return crashpoint.Do(process, verb+" "+kindOf(object), do)
	}
	return interceptor.NewClient(server, interceptor.Funcs{
		Get: func(ctx context.Context, _ client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			return cached.Get(ctx, key, object, options...)
		},
		List: func(ctx context.Context, _ client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			return cached.List(ctx, list, options...)
		},
		Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
			return write("create", object, func() error { return c.Create(ctx, object, options...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.UpdateOption) error {
			return write("update", object, func() error { return c.Update(ctx, object, options...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
			return write("patch", object, func() error { return c.Patch(ctx, object, patch, options...) })
		},
		Apply: func(ctx context.Context, c client.WithWatch, object runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			return write("apply", object, func() error { return c.Apply(ctx, object, options...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.DeleteOption) error {
			return write("delete", object, func() error { return c.Delete(ctx, object, options...) })
		},
		DeleteAllOf: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.DeleteAllOfOption) error {
			return write("delete all of", object, func() error { return c.DeleteAllOf(ctx, object, options...) })
		},
		SubResourceCreate: func(ctx context.Context, c client.Client, part string, object, sub client.Object, options ...client.SubResourceCreateOption) error {
			return write("create "+part+" of", object, func() error { return c.SubResource(part).Create(ctx, object, sub, options...) })
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, part string, object client.Object, options ...client.SubResourceUpdateOption) error {
			return write("update "+part+" of", object, func() error { return c.SubResource(part).Update(ctx, object, options...) })
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, part string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			return write("patch "+part+" of", object, func() error { return c.SubResource(part).Patch(ctx, object, patch, options...) })
		},
		SubResourceApply: func(ctx context.Context, c client.Client, part string, object runtime.ApplyConfiguration, options ...client.SubResourceApplyOption) error {
			return write("apply "+part+" of", object, func() error { return c.SubResource(part).Apply(ctx, object, options...) })
		},
	})
}

// kindOf returns the object's kind and name.
func kindOf(object any) string {
	typed, ok := object.(client.Object)
	if !ok {
		return fmt.Sprintf("%T", object)
	}
	kinds, _, err := scheme.ObjectKinds(typed)
	if err != nil {
		return fmt.Sprintf("%T", object)
	}
	return kinds[0].Kind + " " + typed.GetName()
}
