package capture

import "testing"

func TestOwnEvent(t *testing.T) {
	for line, want := range map[string]string{
		"r1024:wrongns_d1a81ffa8af73446/sock_ioctl sock_ioctl":               "wrongns_d1a81ffa8af73446/sock_ioctl",
		"r:wrongns_d1a81ffa8af73446/rtnetlink_rcv_msg rtnetlink_rcv_msg a=1": "wrongns_d1a81ffa8af73446/rtnetlink_rcv_msg",
		"r1024:ebpf_d1a81ffa8af73446/sock_ioctl sock_ioctl":                  "",
		"p:kprobes/wrongns_probe wrongns_probe":                              "",
		"p:mine/e wrongns_1:wrongns_2/x":                                     "",
		"wrongns_1/x":                                                        "",
		"":                                                                   "",
	} {
		event, ok := ownEvent(line)
		if !ok {
			event = ""
		}
		if event != want {
			t.Errorf("%q: %q, want %q", line, event, want)
		}
	}
}
