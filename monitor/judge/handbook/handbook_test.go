package handbook

import (
	"bytes"
	"os"
	"testing"
)

// docs/rules.md is what the rules make it, from its beginning: what follows, the
// results on the corpus, comes from elsewhere.
func TestDocument(t *testing.T) {
	want, err := Markdown()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(got, want) {
		t.Error("docs/rules.md is not what the rules say: make generate-docs writes it")
	}
}
