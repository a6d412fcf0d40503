package ignore

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// costLimit bounds the work of one condition on one warning, in CEL's units: some
// milliseconds. What matches patterns against the longest line stays below it.
const costLimit = 100_000

// Compiler makes conditions of text.
type Compiler struct{ env *cel.Env }

// NewCompiler makes a compiler for what docs/events.schema.json describes.
func NewCompiler() (*Compiler, error) {
	shapes, variables, err := readShapes()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{cel.CustomTypeProvider(shapes), cel.CrossTypeNumericComparisons(true)}
	for name, shape := range variables {
		options = append(options, cel.Variable(name, shape))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	return &Compiler{env: env}, nil
}

// Condition is a compiled expression that is true or false of a warning. It may be
// used by several goroutines at once.
type Condition struct{ program cel.Program }

// Compile makes a condition. Errors are of type Mistakes if the text is to blame.
func (c *Compiler) Compile(text string) (*Condition, error) {
	ast, issues := c.env.Compile(text)
	if issues.Err() != nil {
		return nil, mistakes(issues)
	}
	if got := ast.OutputType(); !got.IsExactType(types.BoolType) {
		return nil, Mistakes{{Line: 1, Column: 1, Text: fmt.Sprintf("must be true or false, and is of type %s", got)}}
	}
	program, err := c.env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		return nil, Mistakes{{Line: 1, Column: 1, Text: err.Error()}}
	}
	return &Condition{program: program}, nil
}

// holds reports whether the condition is true of these variables.
func (c *Condition) holds(variables map[string]any) bool {
	out, _, err := c.program.Eval(complete{variables})
	return err == nil && out == types.True
}

// complete are variables of which none lacks: an object that a line does not have
// has no field, as far as has() can tell.
type complete struct{ variables map[string]any }

// ResolveName implements cel.Activation.
func (c complete) ResolveName(name string) (any, bool) {
	if v, ok := c.variables[name]; ok {
		return v, true
	}
	return map[string]any{}, true
}

// Parent implements cel.Activation.
func (c complete) Parent() cel.Activation { return nil }

// Mistake is one thing that is wrong with an expression.
type Mistake struct {
	Line, Column int // from 1, in characters; where the expression begins is 1, 1
	Text         string
}

// Mistakes are all that is wrong with an expression.
type Mistakes []Mistake

// Error implements error.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = fmt.Sprintf("%d:%d: %s", mistake.Line, mistake.Column, mistake.Text)
	}
	return strings.Join(lines, "\n")
}

func mistakes(issues *cel.Issues) Mistakes {
	list := make(Mistakes, len(issues.Errors()))
	for i, e := range issues.Errors() {
		list[i] = Mistake{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column()+1, 1), Text: firstLine(e.Message)}
	}
	return list
}

// firstLine is text without what the parser quotes of the expression below it.
func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimPrefix(first, "Syntax error: ")
}
