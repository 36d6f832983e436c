package world_test

import (
	"testing"

	"github.com/fourmarketing/waybill/sandbox/group"
	"github.com/fourmarketing/waybill/sandbox/world"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := world.New(world.Options{Group: group.Demo(), Seed: 1, Defects: 1, Days: 60, OrdersPerDay: 500}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTruth(b *testing.B) {
	w, err := world.New(world.Options{Group: group.Demo(), Seed: 1, Defects: 1, Days: 60, OrdersPerDay: 500})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_ = w.Truth(w.AsOf())
	}
}
