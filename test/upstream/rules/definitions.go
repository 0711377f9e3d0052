// Reads a list of CustomResourceDefinitions and writes what is wrong with each.
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
	"k8s.io/apimachinery/pkg/runtime"
)

type said struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

func main() {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	var definitions []v1.CustomResourceDefinition
	if err := json.NewDecoder(os.Stdin).Decode(&definitions); err != nil {
		log.Fatal(err)
	}
	answers := [][]said{}
	for i := range definitions {
		scheme.Default(&definitions[i])
		definition := &apiextensions.CustomResourceDefinition{}
		if err := scheme.Convert(&definitions[i], definition, nil); err != nil {
			log.Fatal(err)
		}
		definition.Status.StoredVersions = []string{"v1"}
		answer := []said{}
		for _, problem := range validation.ValidateCustomResourceDefinition(context.Background(), definition) {
			answer = append(answer, said{problem.Field, problem.Detail})
		}
		answers = append(answers, answer)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}
