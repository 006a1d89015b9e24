// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/test/mutants"
)

// allMutants plays all mutants that the simulation is known to find, instead of one.
var allMutants = flag.Bool("mutants", false, "play all mutants that the simulation finds")

// foundBy are mutants of package mutants and rules by which the simulation finds them. The first one is always played.
var foundBy = []struct {
	mutant string
	rule   verify.Rule
}{
	{"release skipped", verify.StockReleased},
	{"Handle without Due", verify.NoForwardAfterTurn},
	{"look-up taken as proof, without a fence", verify.FenceHolds},
	{"outcome refused when the order is terminal", verify.MoneySettled},
	{"key without the store's id", verify.KeyNamesStore},
	{"compensation in forward order", verify.CompensateInReverse},
	{"refund twice", verify.RefundWithinCharge},
	{"another key for every try", verify.KeyPerGeneration},
	{"provider called before the intent is recorded", verify.OneTryPerIntent},
	{"released stock stays in the product's books", verify.ReservationsBalance},
	{"retries of compensations forgotten", verify.NothingStuck},
}

func TestTheSimulationFindsSeededBugs(t *testing.T) {
	for _, row := range foundBy {
		t.Run(row.mutant, func(t *testing.T) {
			at := slices.IndexFunc(mutants.All, func(m mutants.Mutant) bool { return m.Name == row.mutant })
			if at < 0 {
				t.Fatal("there is no such mutant")
			}
			output := playMutant(t, mutants.All[at])
			if !strings.Contains(output, string(row.rule)+" of ") && !strings.Contains(output, string(row.rule)+": ") {
				t.Errorf("not found by %s:\n%.3000s", row.rule, output)
			}
		})
		if !*allMutants {
			return
		}
	}
}

// playMutant plays some seeds with the bug in the code, and returns what was told.
func playMutant(t *testing.T, mutant mutants.Mutant) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	replace, err := mutant.Apply(root, folder)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-overlay", path, "-count=1", "-timeout=5m",
		"./test/simulate", "-run", "^TestSimulation$", "-seed=1", "-seeds=40", "-orders=20")
	command.Dir = root
	output, err := command.CombinedOutput()
	if err == nil {
		t.Errorf("no seed has failed:\n%s", output)
	}
	return string(output)
}
