package capture

import "testing"

func TestPreempts(t *testing.T) {
	const (
		none, voluntary  = "(none) voluntary full", "none (voluntary) full"
		full, lazy       = "none voluntary (full)", "full (lazy)"
		static           = "#1 SMP Debian 5.10.262-1 (2026-07-31)"
		dynamic          = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"
		always, realTime = "#1 SMP PREEMPT Mon Nov 2", "#1 SMP PREEMPT_RT Mon Nov 2"
	)
	for _, test := range []struct {
		name                    string
		k                       kernel
		trampolines, tracepoint bool
	}{
		{"cannot", kernel{release: "5.10.0-46-cloud-amd64", version: static}, false, false},
		{"cannot, whatever it is asked", kernel{release: "7.1.0", version: static, commandLine: "preempt=full"}, false, false},
		{"always", kernel{release: "6.8.0", version: always}, true, false},
		{"always, later", kernel{release: "7.0.1", version: always}, true, true},
		{"real time", kernel{release: "6.12.1", version: realTime}, true, false},
		{"dynamic", kernel{release: "6.1.0", version: dynamic}, false, false},
		{"dynamic, booted so", kernel{release: "6.1.0", version: dynamic, commandLine: "quiet preempt=full"}, true, false},
		{"dynamic, booted voluntary", kernel{release: "6.1.0", version: dynamic, commandLine: "preempt=voluntary"}, false, false},
		{"dynamic, runs so", kernel{release: "6.14.0", version: dynamic, mode: lazy}, true, false},
		{"dynamic, changed since", kernel{release: "6.14.0", version: dynamic, mode: voluntary, commandLine: "preempt=full"}, false, false},
		{"dynamic, none", kernel{release: "6.14.0", version: dynamic, mode: none}, false, false},
		{"dynamic, full", kernel{release: "6.14.0", version: dynamic, mode: full}, true, false},
		{"dynamic, later", kernel{release: "7.2.13+deb14-cloud-amd64", version: dynamic}, true, true},
		{"dynamic, later, runs so", kernel{release: "7.2.13", version: dynamic, mode: lazy}, true, true},
		{"dynamic, later, asked in vain", kernel{release: "7.2.13", version: dynamic, commandLine: "preempt=none"}, true, true},
		{"10 is later than 7", kernel{release: "10.0.0", version: dynamic}, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.k.preempts(); got != test.trampolines {
				t.Errorf("preempts trampolines: %v, want %v", got, test.trampolines)
			}
			if got := test.k.preemptsTracepoints(); got != test.tracepoint {
				t.Errorf("preempts tracepoints: %v, want %v", got, test.tracepoint)
			}
		})
	}
}
