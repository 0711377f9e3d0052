// Reads a list of CustomResourceDefinitions and writes what is wrong with each, and what the rule of its spec takes at most.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/runtime"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

type said struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

type answer struct {
	Said []said `json:"said"`
	Cost uint64 `json:"cost"`
}

func cost(definition *apiextensions.CustomResourceDefinition) uint64 {
	spec := definition.Spec.Validation.OpenAPIV3Schema.Properties["spec"]
	schema, err := structuralschema.NewStructural(&spec)
	if err != nil {
		return 0
	}
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion(), true)
	results, err := cel.Compile(schema, model.SchemaDeclType(schema, false), celconfig.PerCallLimit, base, cel.NewExpressionsEnvLoader())
	if err != nil {
		return 0
	}
	return results[0].MaxCost
}

func main() {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	var definitions []v1.CustomResourceDefinition
	if err := json.NewDecoder(os.Stdin).Decode(&definitions); err != nil {
		log.Fatal(err)
	}
	answers := []answer{}
	for i := range definitions {
		scheme.Default(&definitions[i])
		definition := &apiextensions.CustomResourceDefinition{}
		if err := scheme.Convert(&definitions[i], definition, nil); err != nil {
			log.Fatal(err)
		}
		definition.Status.StoredVersions = []string{"v1"}
		problems := []said{}
		for _, problem := range validation.ValidateCustomResourceDefinition(context.Background(), definition) {
			problems = append(problems, said{problem.Field, problem.Detail})
		}
		answers = append(answers, answer{problems, cost(definition)})
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}
