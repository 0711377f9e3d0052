// Reads a list of admission policies and webhook configurations and writes what is wrong with each.
package main

import (
	"encoding/json"
	"log"
	"os"

	v1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/admissionregistration"
	"k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	"k8s.io/kubernetes/pkg/apis/admissionregistration/validation"
)

type said struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

type answer struct {
	Said []said `json:"said"`
}

var scheme = runtime.NewScheme()

func read(raw json.RawMessage, external runtime.Object, internal interface{}) {
	if err := json.Unmarshal(raw, external); err != nil {
		log.Fatal(err)
	}
	scheme.Default(external)
	if err := scheme.Convert(external, internal, nil); err != nil {
		log.Fatal(err)
	}
}

func problems(raw json.RawMessage) field.ErrorList {
	var head struct{ Kind string }
	if err := json.Unmarshal(raw, &head); err != nil {
		log.Fatal(err)
	}
	if head.Kind == "ValidatingAdmissionPolicy" {
		policy := &admissionregistration.ValidatingAdmissionPolicy{}
		read(raw, &v1.ValidatingAdmissionPolicy{}, policy)
		return validation.ValidateValidatingAdmissionPolicy(policy)
	}
	webhooks := &admissionregistration.ValidatingWebhookConfiguration{}
	read(raw, &v1.ValidatingWebhookConfiguration{}, webhooks)
	return validation.ValidateValidatingWebhookConfiguration(webhooks)
}

func main() {
	install.Install(scheme)
	var all []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&all); err != nil {
		log.Fatal(err)
	}
	answers := []answer{}
	for _, raw := range all {
		found := []said{}
		for _, problem := range problems(raw) {
			found = append(found, said{problem.Field, problem.Detail})
		}
		answers = append(answers, answer{found})
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}
