// A controller as client-go's users write them: leader election by a Lease, an informer (which lists by watching), events, and
// server-side apply. For each ConfigMap labelled copy=yes there is a ConfigMap <name>-copy with the same data.
//
//	controller <kubeconfig> <namespace> <identity>
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	file, namespace, identity := os.Args[1], os.Args[2], os.Args[3]
	config := must(clientcmd.BuildConfigFromFlags("", file))
	client := kubernetes.NewForConfigOrDie(config)
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typed.EventSinkImpl{Interface: client.CoreV1().Events(namespace)})
	recorder := broadcaster.NewRecorder(scheme.Scheme, core.EventSource{Component: "copier"})
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  meta.ObjectMeta{Namespace: namespace, Name: "copier"},
		Client:     client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity, EventRecorder: recorder},
	}
	leaderelection.RunOrDie(context.Background(), leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 300 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { run(ctx, client, recorder, namespace, identity) },
			OnStoppedLeading: func() { os.Exit(1) },
			OnNewLeader:      func(leader string) { fmt.Println("leader", leader) },
		},
	})
}

func run(ctx context.Context, client kubernetes.Interface, recorder record.EventRecorder, namespace, identity string) {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	add := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	must(informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: add, DeleteFunc: add, UpdateFunc: func(_, object any) { add(object) },
	}))
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	fmt.Println("synced", identity)
	wanted := labels.SelectorFromSet(labels.Set{"copy": "yes"})
	for {
		key, shutdown := queue.Get()
		if shutdown {
			return
		}
		_, name, _ := cache.SplitMetaNamespaceKey(key)
		source, err := informer.Lister().ConfigMaps(namespace).Get(name)
		if err == nil && wanted.Matches(labels.Set(source.Labels)) {
			if err := copyOf(ctx, client, source); err != nil {
				fmt.Fprintln(os.Stderr, "copy", err)
				queue.AddRateLimited(key)
			} else {
				recorder.Eventf(source, core.EventTypeNormal, "Copied", "by %s", identity)
				queue.Forget(key)
			}
		}
		queue.Done(key)
	}
}

func copyOf(ctx context.Context, client kubernetes.Interface, source *core.ConfigMap) error {
	owner := applymeta.OwnerReference().WithAPIVersion("v1").WithKind("ConfigMap").WithName(source.Name).WithUID(source.UID)
	wanted := applycore.ConfigMap(source.Name+"-copy", source.Namespace).WithData(source.Data).WithOwnerReferences(owner)
	options := meta.ApplyOptions{FieldManager: "copier"}
	_, err := client.CoreV1().ConfigMaps(source.Namespace).Apply(ctx, wanted, options)
	return err
}
