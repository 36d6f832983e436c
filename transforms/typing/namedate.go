package typing

import (
	"regexp"
	"strings"
	"time"
)

// NameDate is how a file's name says of which day it is: DESP_20260319_101.csv. The file's dates are held against it where nothing in them tells in which
// order day and month stand.
type NameDate struct {
	Match  string `yaml:"match"`  // regular expression on the name whose group 1 is the date
	Format string `yaml:"format"` // strptime pattern of %Y, %y, %m, %d: %Y%m%d
	Within int    `yaml:"within"` // days that the file's dates may lie before or after it; 7 if left out
}

// usualWithin is for contracts that say nothing: what a file of a day tells is of the days around it.
const usualWithin = 7

// layout is the format as Go writes it, false for one with other parts than those of a day.
func (n NameDate) layout() (string, bool) {
	text := strings.NewReplacer("%Y", "2006", "%y", "06", "%m", "01", "%d", "02").Replace(n.Format)
	day := strings.Contains(n.Format, "%d") && strings.Contains(n.Format, "%m") && strings.Contains(strings.ToLower(n.Format), "%y")
	return text, day && !strings.Contains(text, "%")
}

// window is the days that the dates of a file of this name are to be of; false where its name says no day.
func (n NameDate) window(name string) (window, bool) {
	re, err := regexp.Compile(n.Match)
	if n.Match == "" || err != nil { // Validate says what is wrong
		return window{}, false
	}
	m := re.FindStringSubmatch(name)
	layout, ok := n.layout()
	if len(m) < 2 || !ok {
		return window{}, false
	}
	day, err := time.Parse(layout, m[1])
	if err != nil {
		return window{}, false
	}
	within := n.Within
	if within == 0 {
		within = usualWithin
	}
	return window{day.AddDate(0, 0, -within), day.AddDate(0, 0, within), "as the file's name has it (" + m[1] + ")"}, true
}

func (n NameDate) validate(p *problems) {
	if n == (NameDate{}) {
		return
	}
	if re, err := regexp.Compile(n.Match); err != nil || re.NumSubexp() < 1 {
		p.say("name_date.match", "%q is no regular expression with a group, in which the date stands", n.Match)
	}
	if _, ok := n.layout(); !ok {
		p.say("name_date.format", "%q is no pattern of a day such as %%Y%%m%%d", n.Format)
	}
	if n.Within < 0 {
		p.say("name_date.within", "is a number of days")
	}
}
