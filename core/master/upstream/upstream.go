// Package upstream wraps the process-wide registries of Kubernetes, so that several API servers, schedulers
// and controller managers can live in one process, one after another and at the same time.
package upstream

import (
	"fmt"
	"sync"

	"k8s.io/apiserver/pkg/util/compatibility"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/tools/cache"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/configz"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

// registerDefault puts the component "kube" into the default registry, which upstream's option constructors
// do as well, but without a guard against each other.
var registerDefault = sync.OnceValue(func() error {
	if compatibility.DefaultComponentGlobalsRegistry.EffectiveVersionFor(basecompatibility.DefaultKubeComponent) != nil {
		return nil
	}
	return compatibility.DefaultComponentGlobalsRegistry.Register(basecompatibility.DefaultKubeComponent,
		compatibility.DefaultBuildEffectiveVersion(), utilfeature.DefaultMutableFeatureGate)
})

// NewRegistry makes a registry of feature gates and versions for one instance of a component, with the
// defaults of this release. It must be called before the component's option constructor.
func NewRegistry() (basecompatibility.ComponentGlobalsRegistry, error) {
	if err := registerDefault(); err != nil {
		return nil, fmt.Errorf("register the default versions: %w", err)
	}
	r := basecompatibility.NewComponentGlobalsRegistry()
	if err := r.Register(basecompatibility.DefaultKubeComponent, compatibility.DefaultBuildEffectiveVersion(),
		utilfeature.DefaultMutableFeatureGate.DeepCopy()); err != nil {
		return nil, fmt.Errorf("register the versions of a component: %w", err)
	}
	return r, nil
}

// InformerName reserves a name for an instance's informers in client-go's metrics; free gives it back. Names are unique in the
// process. What an instance had is reused as soon as nothing of it is left: metrics are kept for every name that ever was.
func InformerName(instance string) (n *cache.InformerName, free func(), err error) {
	for i := range maxInstances {
		n, err = cache.NewInformerName(fmt.Sprintf("%s-%d", instance, i+1))
		if err == nil {
			return n, n.Release, nil
		}
	}
	return nil, nil, fmt.Errorf("find a name for the informers of %s: %w", instance, err)
}

// maxInstances is how many instances of one component of one master may wind down at the same time.
const maxInstances = 1000

// FreeSchedulerNames is called before a scheduler runs. It frees the name under which upstream registers a
// scheduler's configuration at /configz, so that the youngest one has it.
func FreeSchedulerNames() { configz.Delete("componentconfig") }

// FreeControllerManagerNames is called before a controller manager runs. It frees the names that upstream
// registers for one: that of its configuration at /configz, and that of its informers.
func FreeControllerManagerNames() {
	configz.Delete(app.ConfigzName)
	// There is no way to free one name that somebody else has reserved. The others only lose client-go's
	// metrics of informers, which nobody reads here.
	cache.ResetInformerNamesForTesting()
}
