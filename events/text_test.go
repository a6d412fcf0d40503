package events

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// local makes the clock of the sample events the one that is printed.
func local(t *testing.T) {
	saved := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = saved })
}

func TestTextLines(t *testing.T) {
	local(t)
	p := &Printer{}
	var b []byte
	for _, c := range []*Change{sampleUp(), sampleRoute(), sampleGateway(), sampleUp()} {
		b = p.AppendChange(b, c)
	}
	b = p.AppendStatus(b, sampleLost())
	b = p.AppendStatus(b, sampleStarted())
	const want = `
06:18:35.676  web         ip link set eth0 up                     no effect  by ip[4121] ← sh
06:18:35.676  host        ip route add 10.7.0.0/16 via 192.168.1.1 dev eth0 proto bird metric 32  ok         by bird[4121] ← sh
06:18:35.676  web         ip route add default via 192.168.1.1                      ENETUNREACH Nexthop has invalid gateway.  by ip[4121] ← sh
06:18:35.676  web         ip link set eth0 up                                       no effect                 by ip[4121] ← sh
06:18:35.676  lost 12 events in the ring (full) between 06:18:35.676 and 06:18:36.001
06:18:35.676  started 0.1.0, tier fexit, kernel 6.1.0-18-cloud-amd64, host namespace 4026531840
`
	if got := "\n" + string(b); got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
}

func TestWideLine(t *testing.T) {
	local(t)
	p := &Printer{Wide: true}
	c := sampleUp()
	c.Process.NetnsInode, c.Process.NetnsCookie = 4026531840, 1
	const want = `06:18:35.676  web → container web  ip link set eth0 up                     no effect  by ip[4121] ← sh    ` +
		`netns 4026532281 (process in 4026531840)  uid 0 (login 1000)  fexit   container: 84f98fadc384  exe: /sbin/ip  ` +
		"cmd: ip link set dev eth0 up  parent: sh\n"
	if got := string(p.AppendChange(nil, c)); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestColumnsStayAligned(t *testing.T) {
	p := &Printer{}
	place := func(c *Change) int {
		line := string(p.AppendChange(nil, c))
		return utf8.RuneCountInString(line[:strings.Index(line, "by ip")])
	}
	long := sampleUp()
	long.Container.Name = "tëst-container"
	before := place(sampleUp())
	grown := place(long)
	if after := place(sampleUp()); after != grown || grown <= before {
		t.Errorf("process at column %d, then %d, then %d, want it to grow and stay", before, grown, after)
	}
}

func TestWarningOfTheContract(t *testing.T) {
	local(t)
	const want = `WRONG NAMESPACE  likely (0.93)  container web  ·  ip link set dev eth0 up  ·  pid 4121, by sh, 06:18:35.676
  changed     eth0, a macvlan on the host's ens3, in web's own namespace 4026532281: already up, no effect
  untouched   eth0 in the host's namespace, which is down
  because     the command had no effect here and would have had one on the host
  to reach the host   nsenter --target 1 --net -- ip link set dev eth0 up     or run web with --network host
`
	if got := string((&Printer{}).AppendWarning(nil, sampleWarning())); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	w := sampleWarning()
	w.Count = 3
	wide := string((&Printer{Wide: true}).AppendWarning(nil, w))
	for _, want := range []string{"·  seen 3 times\n", "\n  evidence    +1.60  own-link-unchanged: eth0 was already up\n"} {
		if !strings.Contains(wide, want) {
			t.Errorf("no %q in\n%s", want, wide)
		}
	}
}

func TestColourOnlyWhenTold(t *testing.T) {
	plain, colour := &Printer{}, &Printer{Style: Colour()}
	write := func(p *Printer) string {
		b := p.AppendChange(nil, sampleGateway())
		return string(p.AppendStatus(p.AppendWarning(b, sampleWarning()), sampleLost()))
	}
	if strings.Contains(write(plain), "\x1b") {
		t.Error("a plain printer colours")
	}
	for _, want := range []string{"\x1b[1;31mWRONG NAMESPACE\x1b[0m", "\x1b[33mENETUNREACH", "\x1b[33mlost 12", "\x1b[2m"} {
		if !strings.Contains(write(colour), want) {
			t.Errorf("no %q in %q", want, write(colour))
		}
	}
	if got := stripStyle(write(colour)); got != write(plain) {
		t.Errorf("without its colours\n%s\nwant\n%s", got, write(plain))
	}
}

// stripStyle takes out the sequences that Colour makes.
func stripStyle(s string) string {
	c := Colour()
	return strings.NewReplacer(c.Wrong, "", c.Failed, "", c.Dim, "", c.Off, "").Replace(s)
}

func FuzzText(f *testing.F) {
	f.Add("eth0", "ip", "ip link set eth0 up", "/docker/0", "Nexthop has invalid gateway.", "web")
	f.Add("\x1b[2J", "\n", "a\x7f\u202eb", "\xff\xc0\x80", "\u009b31m", "\r\t\x00")
	f.Add("e\\x1b", `"'`, "ä€😀", "\u2028", strings.Repeat("\x1b", 3000), strings.Repeat("€", 900))
	s := lineSchema(f)
	f.Fuzz(func(t *testing.T, ifname, comm, argv, cgroup, extack, container string) {
		c := hostile(ifname, comm, argv, cgroup, extack, container)
		w := hostileWarning(c, argv)
		checkText(t, c, w)
		parse(t, s, w.AppendJSON(nil, &HostInfo{Name: comm, BootID: argv}))
		parse(t, s, (&Status{Time: sampleTime, State: "lost", Stage: comm, Cause: argv, Detail: extack}).AppendJSON(nil, nil))
		line := parse(t, s, c.AppendJSON(nil, &HostInfo{Name: comm, BootID: argv}))
		for _, field := range []struct{ at, key, want string }{
			{"change", "target", ifname}, {"change.request", "ifname", ifname}, {"change.before", "ifname", ifname},
			{"process", "name", comm}, {"process", "command_line", argv}, {"process.cgroup", "path", cgroup},
			{"process.parent", "name", comm}, {"change", "extack", extack}, {"container", "name", container},
		} {
			o := get(line, field.at)
			got, cut := original(t, o, field.key), get(o, field.key+"_cut") != nil
			if got != field.want && !(cut && strings.HasPrefix(field.want, got) && len(got) < len(field.want)) {
				t.Fatalf("%s.%s is %q (cut: %t), want %q", field.at, field.key, got, cut, field.want)
			}
		}
	})
}

// checkText checks that nothing but our own newlines and colours steers the terminal.
func checkText(t *testing.T, c *Change, w *Warning) {
	t.Helper()
	p := &Printer{Wide: true, Style: Colour()}
	change := stripStyle(string(p.AppendChange(nil, c)))
	status := stripStyle(string(p.AppendStatus(nil, &Status{State: string(c.Target), Stage: c.Extack.String(), Kernel: string(c.Extack)})))
	warning := stripStyle(string(p.AppendWarning(nil, w)))
	for text, lines := range map[string]int{change: 1, status: 1, warning: strings.Count(warning, "\n")} {
		if n := strings.Count(text, "\n"); n != lines || lines > 7 || !Printable(strings.ReplaceAll(text, "\n", "")) {
			t.Fatalf("text of %d lines, want %d, all printable: %q", n, lines, text)
		}
	}
	if !Printable(c.Command()) {
		t.Fatalf("command %q", c.Command())
	}
}

// hostile is a change of which every name comes from somebody who means harm.
func hostile(ifname, comm, argv, cgroup, extack, container string) *Change {
	c := sampleUp()
	link := &Link{Index: 1, Name: Name(ifname), Kind: ifname, Address: ifname, MasterName: Name(ifname), ParentName: Name(ifname), Flags: ^uint32(0)}
	c.Target, c.Before, c.After = Name(ifname), link, link
	c.Request = Object{
		{"ifname", OutsideValue(ifname)}, {"newname", OutsideValue(argv)}, {"attr_1", HexValue([]byte(extack))},
		{"altnames", ListValue(OutsideValue(ifname), TextValue(comm))}, {"address", MacValue([]byte(argv))},
		{"linkinfo", StructValue(Object{{"info_kind", OutsideValue(comm)}, {"info_data", StructValue(Object{{"x", OutsideValue(cgroup)}})}})},
	}
	c.Errno, c.Extack = 19, Name(extack)
	c.Netns.Owner, c.To = "container "+container, &Namespace{Owner: container}
	c.Container = &Container{ID: cgroup, Name: Name(container), Runtime: comm, Image: Name(container)}
	c.Process.Name, c.Process.Thread, c.Process.CommandLine, c.Process.Executable = Name(comm), Name(comm), Name(argv), Name(argv)
	c.Process.Cgroup = Name(cgroup)
	c.Process.Parent = &Parent{PID: 1, Name: Name(comm), CommandLine: Name(argv)}
	c.Here = &Facts{Known: true, Link: link, Master: link, Nexthop: &Nexthop{Dev: Name(ifname)}}
	c.Host = c.Here
	return c
}

// hostileWarning is a warning whose author forgot to escape.
func hostileWarning(c *Change, s string) *Warning {
	return &Warning{
		Time: sampleTime, Rule: s, Confidence: 0.5, Verdict: Likely, Summary: s, Evidence: []Evidence{{s, 1, s}}, Changed: s, Untouched: s, Because: s,
		Own: Side{Link: Name(s), Type: s, Parent: Name(s), State: s, Route: s}, Advice: []string{s, s}, Changes: []uint64{1}, Last: c,
	}
}

// TestHugeNames makes each name far longer than a whole line may be, of what
// grows most when it is written.
func TestHugeNames(t *testing.T) {
	s := lineSchema(t)
	for _, c := range []string{"\x1b", "€", `"`, `\`, "a", "\xff"} {
		name := strings.Repeat(c, 64<<10)
		change := hostile(name, name, name, name, name, name)
		warning := hostileWarning(change, name)
		for range 40 {
			warning.Evidence = append(warning.Evidence, warning.Evidence[0])
			warning.Advice = append(warning.Advice, name)
		}
		parse(t, s, change.AppendJSON(nil, &HostInfo{Name: name, BootID: name}))
		parse(t, s, warning.AppendJSON(nil, &HostInfo{Name: name, BootID: name}))
		parse(t, s, (&Status{Time: sampleTime, State: "lost", Cause: name, Detail: name}).AppendJSON(nil, nil))
	}
}

// TestEveryByte puts each byte there is into each name.
func TestEveryByte(t *testing.T) {
	s := lineSchema(t)
	for i := range 256 {
		name := "a" + string([]byte{byte(i)}) + "b"
		c := hostile(name, name, name, name, name, name)
		checkText(t, c, hostileWarning(c, name))
		line := parse(t, s, c.AppendJSON(nil, &sampleHost))
		for _, path := range []string{"change", "process", "container"} {
			key := map[string]string{"change": "target", "process": "command_line", "container": "name"}[path]
			if got := original(t, get(line, path), key); got != name {
				t.Errorf("%s.%s: got %q back, want %q", path, key, got, name)
			}
		}
		if list, _ := get(line, "change.request.altnames_hex").([]any); !Printable(name) && len(list) != 2 {
			t.Errorf("bytes of a list's names: %v", list)
		}
	}
}
