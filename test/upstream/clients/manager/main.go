// A manager as controller-runtime's users write them: a ConfigMap labelled site=yes owns a Deployment and a Service, has a finalizer
// while it lives, and is told in an annotation how many pods are ready.
//
//	manager <namespace>, with KUBECONFIG
package main

import (
	"context"
	"fmt"
	"os"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "example.com/site"

type reconciler struct{ client.Client }

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var site core.ConfigMap
	if err := r.Get(ctx, request.NamespacedName, &site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if site.Labels["site"] != "yes" {
		return ctrl.Result{}, nil
	}
	if !site.DeletionTimestamp.IsZero() {
		fmt.Println("finalized", site.Name)
		before := site.DeepCopy()
		controllerutil.RemoveFinalizer(&site, finalizer)
		return ctrl.Result{}, client.IgnoreNotFound(r.Patch(ctx, &site, client.MergeFrom(before)))
	}
	if controllerutil.AddFinalizer(&site, finalizer) {
		if err := r.Update(ctx, &site); err != nil {
			return ctrl.Result{}, err
		}
	}
	ready, err := r.children(ctx, &site)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := site.DeepCopy()
	meta.SetMetaDataAnnotation(&site.ObjectMeta, "example.com/ready", fmt.Sprint(ready))
	return ctrl.Result{}, r.Patch(ctx, &site, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

func (r *reconciler) children(ctx context.Context, site *core.ConfigMap) (int32, error) {
	labels := map[string]string{"app": site.Name}
	deployment := &apps.Deployment{ObjectMeta: meta.ObjectMeta{Namespace: site.Namespace, Name: site.Name}}
	done, err := controllerutil.CreateOrUpdate(ctx, r.Client, deployment, func() error {
		replicas := int32(1)
		deployment.Spec.Replicas = &replicas
		deployment.Spec.Selector = &meta.LabelSelector{MatchLabels: labels}
		deployment.Spec.Template.Labels = labels
		if len(deployment.Spec.Template.Spec.Containers) == 0 {
			deployment.Spec.Template.Spec.Containers = make([]core.Container, 1)
		}
		deployment.Spec.Template.Spec.Containers[0].Name = "site"
		deployment.Spec.Template.Spec.Containers[0].Image = site.Data["image"]
		return controllerutil.SetControllerReference(site, deployment, r.Scheme())
	})
	if err != nil {
		return 0, err
	}
	fmt.Println("deployment", done)
	service := &core.Service{ObjectMeta: meta.ObjectMeta{Namespace: site.Namespace, Name: site.Name}}
	done, err = controllerutil.CreateOrUpdate(ctx, r.Client, service, func() error {
		service.Spec.Selector = labels
		service.Spec.Ports = []core.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080), Protocol: core.ProtocolTCP}}
		return controllerutil.SetControllerReference(site, service, r.Scheme())
	})
	fmt.Println("service", done)
	return deployment.Status.ReadyReplicas, err
}

func main() {
	ctrl.SetLogger(zap.New())
	namespace := os.Args[1]
	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Metrics:                 server.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "sites",
		LeaderElectionNamespace: namespace,
		Cache:                   cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
	})
	if err == nil {
		err = ctrl.NewControllerManagedBy(manager).
			For(&core.ConfigMap{}).Owns(&apps.Deployment{}).Owns(&core.Service{}).
			Complete(&reconciler{manager.GetClient()})
	}
	if err == nil {
		err = manager.Start(ctrl.SetupSignalHandler())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
