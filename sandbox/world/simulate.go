package world

import "time"

// sim is the world while it is being lived, and after.
type sim struct {
	places
	o           Options
	start, end  date
	asOf        instant
	checkpoints []instant
	count       map[*brand]int
	orders      []*order           // what shops know, and phantoms
	parcels     map[string]*parcel // by carrier and number
	accounts    []*account         // with PSPs that settle in batches
	purses      []*purse           // with PSPs whose payouts name what they pay
	feeds       []*feed
	depots      []*depot
	planted     []Planted

	despatchNo, parcelNo, factNo, returnNo int
}

func newSim(o Options) (*sim, error) {
	p, err := newPlaces(o.Group)
	if err != nil {
		return nil, err
	}
	s := &sim{places: p, o: o, parcels: map[string]*parcel{}, count: map[*brand]int{}}
	s.end = civil(o.End.Date())
	s.start = s.end - date(o.Days) + 1
	s.asOf = (s.end + 1).at(s.london, 7*60)
	for _, fifth := range []int{2, 3, 4} {
		s.checkpoints = append(s.checkpoints, (s.start+date(o.Days*fifth/5)).at(s.london, 7*60))
	}
	s.checkpoints = append(s.checkpoints, s.asOf)
	return s, nil
}

// live lets every order happen, then the PSP and the files follow from what happened.
func (s *sim) live() {
	all := s.roles()
	for i, sl := range s.cast(all) {
		o := s.create(sl, i)
		rng := newStream(s.o.Seed, "life", i)
		if sl.role == nil {
			s.ordinary(rng, o)
		} else {
			sl.role.play(s, rng, o)
		}
		o.settle()
		s.orders = append(s.orders, o)
		for _, p := range o.parcels {
			s.decorate(p)
		}
		for j := range o.returns {
			if p := o.returns[j].parcel; p != nil {
				s.decorate(p)
			}
		}
		if sl.role != nil {
			s.plant(o.kind, o.orderID(), sl.role.shows)
		}
	}
	s.bank()
	s.fillPurses()
	s.publish()
}

func (s *sim) plant(kind, subject, shows string) {
	s.planted = append(s.planted, Planted{Kind: kind, Subject: subject, Shows: shows})
}

func (o *Options) fill() {
	if o.Days == 0 {
		o.Days = 21
	}
	if o.OrdersPerDay == 0 {
		o.OrdersPerDay = 60
	}
	if o.End.IsZero() {
		o.End = time.Date(2026, 4, 8, 0, 0, 0, 0, time.UTC)
	}
}
