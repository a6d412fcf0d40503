package capture

// TierReport says whether a tier works here.
type TierReport struct {
	Tier string
	OK   bool
	Note string // what else there is to know if it works
	Why  string // why not
	Mend string // what would help
}

// Probe tries each tier for real: it loads and attaches it, and takes it away.
// They come in the order in which Open would take them.
func Probe() []TierReport {
	var reports []TierReport
	for _, t := range preference() {
		report := TierReport{Tier: t.name}
		c, err := open(t, Config{RingBytes: 1 << 16})
		if err == nil {
			err = c.Close()
		}
		if err == nil {
			report.OK, report.Note = true, note(t)
		} else {
			e := explain(t, err)
			report.Why, report.Mend = e.Why, e.Mend
		}
		reports = append(reports, report)
	}
	return reports
}

// note says why a tier is not the first to be tried.
func note(t tier) string {
	if t.name == TierFexit && PreemptsTrampolines() {
		return "this kernel can preempt its hooks, and then skips some: kprobe is tried first"
	}
	return ""
}
