package capture

// TierReport says whether a tier works here.
type TierReport struct {
	Tier string
	OK   bool
	Why  string // why not
	Mend string // what would help
}

// Probe tries each tier for real: it loads and attaches it, and takes it away.
func Probe() []TierReport {
	var reports []TierReport
	for _, t := range tiers {
		report := TierReport{Tier: t.name}
		c, err := open(t, Config{RingBytes: 1 << 16})
		if err == nil {
			err = c.Close()
		}
		if err == nil {
			report.OK = true
		} else {
			e := explain(t, err)
			report.Why, report.Mend = e.Why, e.Mend
		}
		reports = append(reports, report)
	}
	return reports
}
