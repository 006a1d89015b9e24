// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
)

// keywords are those that check knows; the last ones are for people.
var keywords = []string{
	"$ref", "type", "required", "properties", "additionalProperties", "items", "enum", "pattern", "minimum", "minLength", "maxLength",
	"description", "examples",
}

// check holds the value against the schema. Objects must have no properties that are not listed,
// unless they say that they may.
func (d *Document) check(schema node, value any, place string) error {
	schema = d.resolve(schema)
	for keyword := range schema {
		if !slices.Contains(keywords, keyword) {
			return fmt.Errorf("the keyword %s is unknown to this package", keyword)
		}
	}
	if allowed, ok := schema["enum"].([]any); ok && !slices.Contains(allowed, value) {
		return fmt.Errorf("%s is %v, none of %v", place, value, allowed)
	}
	switch schema["type"] {
	case "object":
		return d.checkObject(schema, value, place)
	case "array":
		return d.checkArray(schema, value, place)
	case "string":
		return checkString(schema, value, place)
	case "integer":
		return checkInteger(schema, value, place)
	}
	return fmt.Errorf("the type %v is unknown to this package", schema["type"])
}

func (d *Document) checkObject(schema node, value any, place string) error {
	object, ok := value.(node)
	if !ok {
		return fmt.Errorf("%s is no object", place)
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, there := object[name.(string)]; !there {
			return fmt.Errorf("%s lacks %s", place, name)
		}
	}
	properties := child(schema, "properties")
	for _, name := range slices.Sorted(maps.Keys(object)) {
		property := child(properties, name)
		if property == nil && schema["additionalProperties"] == true {
			continue
		}
		if property == nil {
			return fmt.Errorf("%s has %s, which is not documented", place, name)
		}
		if err := d.check(property, object[name], place+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) checkArray(schema node, value any, place string) error {
	list, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%s is no list", place)
	}
	for i, item := range list {
		if err := d.check(child(schema, "items"), item, fmt.Sprintf("%s[%d]", place, i)); err != nil {
			return err
		}
	}
	return nil
}

func checkString(schema node, value any, place string) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("%s is no string", place)
	}
	if least, ok := schema["minLength"].(float64); ok && len(text) < int(least) {
		return fmt.Errorf("%s is shorter than %v", place, least)
	}
	if most, ok := schema["maxLength"].(float64); ok && len(text) > int(most) {
		return fmt.Errorf("%s is longer than %v", place, most)
	}
	pattern, ok := schema["pattern"].(string)
	if ok && !regexp.MustCompile(pattern).MatchString(text) {
		return fmt.Errorf("%s is %q, unlike %s", place, text, pattern)
	}
	return nil
}

func checkInteger(schema node, value any, place string) error {
	number, ok := value.(float64)
	if !ok || number != math.Trunc(number) {
		return fmt.Errorf("%s is no integer", place)
	}
	if least, ok := schema["minimum"].(float64); ok && number < least {
		return fmt.Errorf("%s is less than %v", place, least)
	}
	return nil
}
