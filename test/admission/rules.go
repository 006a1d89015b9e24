// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Rules are those of one kind. They are safe for concurrent use.
type Rules struct {
	structural *schema.Structural
	schema     validation.SchemaValidator
	cel        *cel.Validator
}

// Load reads the rules of a resource, such as "orders", from the project's root folder.
func Load(root, resource string) (*Rules, error) {
	data, err := os.ReadFile(filepath.Join(root, "config", "crd", "bases", "commerce.eventcore.dev_"+resource+".yaml"))
	if err != nil {
		return nil, err
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(data, &definition); err != nil {
		return nil, err
	}
	if n := len(definition.Spec.Versions); n != 1 {
		return nil, fmt.Errorf("%s has %d versions: these rules are for one", resource, n)
	}
	var props apiextensions.JSONSchemaProps
	err = apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		definition.Spec.Versions[0].Schema.OpenAPIV3Schema, &props, nil)
	if err != nil {
		return nil, err
	}
	rules := &Rules{}
	if rules.structural, err = schema.NewStructural(&props); err != nil {
		return nil, err
	}
	if rules.schema, _, err = validation.NewSchemaValidator(&props); err != nil {
		return nil, err
	}
	rules.cel = cel.NewValidator(rules.structural, true, celconfig.PerCallLimit)
	return rules, nil
}

// Create fills in the defaults of a new object, and returns why it is refused; nothing if it is not.
func (r *Rules) Create(ctx context.Context, object map[string]any) field.ErrorList {
	defaulting.Default(object, r.structural)
	refused := validation.ValidateCustomResource(nil, object, r.schema)
	refused = append(refused, listtype.ValidateListSetsAndMaps(nil, r.structural, object)...)
	if len(refused) > 0 {
		return refused
	}
	return r.validate(ctx, object, nil)
}

// Update fills in the defaults of an object, and returns why it may not take the place of the stored one.
func (r *Rules) Update(ctx context.Context, stored, object map[string]any) field.ErrorList {
	defaulting.Default(object, r.structural)
	refused := validation.ValidateCustomResourceUpdate(nil, object, stored, r.schema)
	refused = append(refused, listtype.ValidateListSetsAndMaps(nil, r.structural, object)...)
	if len(refused) > 0 {
		return refused
	}
	return r.validate(ctx, object, stored)
}

func (r *Rules) validate(ctx context.Context, object, stored map[string]any) field.ErrorList {
	var old any // not a map that is nil
	if stored != nil {
		old = stored
	}
	refused, _ := r.cel.Validate(ctx, nil, r.structural, object, old, celconfig.RuntimeCELCostBudget)
	return refused
}
