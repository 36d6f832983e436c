package ftp

import (
	"strings"
	"testing"

	"github.com/jlaffaye/ftp"
)

// A line of a listing that is not understood is reported, with what LIST says besides files left aside.
func TestUnread(t *testing.T) {
	t.Parallel()
	file := "-rw-r--r--    1 ftp      ftp          1204 Nov 23 06:31 DESP_0001.csv\r\n"
	entry := &ftp.Entry{Name: "DESP_0001.csv"}
	for _, c := range []struct {
		name, text string
		entries    []*ftp.Entry
		fault      string
	}{
		{"all read", "total 4\r\n" + file, []*ftp.Entry{entry}, ""},
		{"empty", "", nil, ""},
		{"pipe and device", "prw-r--r--    1 ftp      ftp             0 Nov 23 06:31 pipe\n" + file + "\n", []*ftp.Entry{entry}, ""},
		{"first line not read", "?? DESP_0002.csv\r\n" + file, []*ftp.Entry{entry}, "DESP_0002.csv"},
		{"last line not read", file + "FILE DESP_0002.csv 12\n", []*ftp.Entry{entry}, "1 of 2 lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := unread(c.text, c.entries)
			if (c.fault == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("got %v, want %q", err, c.fault)
			}
		})
	}
}
