package node

import (
	"reflect"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
)

// A first layer is unpacked where it lies, without a mount; others are so anyway.
func TestLayersAreUnpackedWithoutMounts(t *testing.T) {
	overlay := []mount.Mount{{Type: "overlay", Options: []string{"upperdir=/a", "lowerdir=/b"}}}
	for name, tt := range map[string]struct{ on, want []mount.Mount }{
		"first": {[]mount.Mount{{Type: "bind", Source: "/a/fs", Options: []string{"rw", "rbind"}}}, []mount.Mount{{Type: "overlay", Options: []string{"upperdir=/a/fs"}}}},
		"later": {overlay, overlay},
		"none":  {nil, nil},
	} {
		if got := unmounted(tt.on); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
