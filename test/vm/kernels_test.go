package vm

import (
	"maps"
	"os"
	"strings"
	"testing"
)

// TestKernelsTable holds the table in docs/kernels.md against mustWork: the page promises what is tested, all of it
// and no more.
func TestKernelsTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/kernels.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "mustWork in test/vm/scenario_test.go")
	if !found {
		t.Fatal("docs/kernels.md does not say where its table is")
	}
	if got := tiersOf(table); !maps.Equal(got, mustWork) {
		t.Errorf("docs/kernels.md has %v, mustWork is %v", got, mustWork)
	}
	for _, version := range Versions {
		if mustWork[version] == "" {
			t.Errorf("kernel %s is fetched, and nothing must work there", version)
		}
	}
}

// tiersOf reads the first table of a page: the tiers that say yes in each row, by the row's first cell.
func tiersOf(page string) map[string]string {
	_, rows, _ := strings.Cut(page, "\n|")
	rows, _, _ = strings.Cut(rows, "\n\n")
	tiers := make(map[string]string)
	var head []string
	for i, row := range strings.Split(rows, "\n") {
		cells := strings.Split(strings.Trim(row, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		switch i {
		case 0:
			head = cells
		case 1: // the rule below the head
		default:
			tiers[cells[0]] = strings.Join(yes(head, cells), ",")
		}
	}
	return tiers
}

// yes are the columns in which a row says so.
func yes(head, cells []string) (columns []string) {
	for i := range min(len(head), len(cells)) {
		if cells[i] == "yes" {
			columns = append(columns, head[i])
		}
	}
	return columns
}
