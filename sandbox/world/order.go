package world

// The history of an order. Every fact carries when it happened; warehouse facts also carry when a file told of them,
// carrier events when the carrier showed them. Money is in minor units of the order's currency.

type order struct {
	brand         *brand
	site          *site
	carrier       *Carrier // of its parcels
	no            int      // position among all orders, for streams and ties
	id            int64
	name          string // without "#"
	kind          string // what was planted on it, empty for an ordinary order
	test, phantom bool   // phantom: the warehouse has it, no shop does
	placed, paid  instant
	authorised    instant // its money, where that is not captured at once
	agreed        instant // that it goes before its money
	released      instant // to the warehouse: when the first of these was, and no hold was on it
	held          hold    // by the shop, before it was released
	currency      string
	service       string // standard | express
	oddDelivery   bool   // the shop calls its delivery by a word that nobody knows; the warehouse takes it for the service
	to            place
	cal           *calendar // the destination's
	first, last   string
	lines         []line
	shipping      int64
	duties        int64
	tender        tender
	gift          int64 // the part of the total that a gift card paid
	draft         bool  // a basket that nobody has ordered yet
	lowerCase     bool  // its warehouse writes SKUs in lower case
	method        string
	payRef        string // merchant reference of the payment
	pspRef        string // the PSP's reference of the payment
	captureRef    string // the PSP's reference of the capture
	twoStep       bool   // authorised first, captured moments later
	late          bool   // authorised first, captured when all of it is sent
	voided        instant
	givenUp       []givenUp // what was never captured
	cancelled     instant
	deleted       instant // thrown away in the shop
	cancelReason  string
	statuses      []status
	despatches    []despatch
	receipts      []receipt
	parcels       []*parcel
	fulfilments   []fulfilment
	refunds       []refund
	returns       []shopReturn
	psp           []movement // what the PSP booked beside the capture and the refunds
}

type line struct {
	id       int64
	item     *item
	qty      int
	price    int64 // of one unit, in the order's currency
	discount int64 // of the whole line
	digital  bool  // nothing is sent for it
	added    instant
	by       addition // what added it, for a line that was not ordered at first
	edits    []quantityEdit
}

// addition is what adds a line to an order that is there already.
type addition string

// What may add a line.
const (
	byEdit     addition = "edit"
	byExchange addition = "exchange"
)

// quantityEdit takes units off a line.
type quantityEdit struct {
	at instant
	n  int
}

// tender is what an order was paid with, if not through the brand's PSP.
type tender string

// free is of an order that came to nothing, elsewhere of a provider with whom the group has no account, invoice of one that is paid weeks later, door of
// one for which the carrier takes cash.
const (
	free      tender = "free"
	elsewhere tender = "elsewhere"
	invoice   tender = "invoice"
	door      tender = "door"
)

// hold is a time in which the shop kept an order back.
type hold struct{ from, to instant }

// on says whether the hold is on at a moment.
func (h hold) on(at instant) bool { return h.from != 0 && h.from <= at && at < h.to }

// givenUp is money that was authorised and not wanted any more when it was captured.
type givenUp struct {
	at     instant
	amount int64
}

// edited is how many units edits had taken off a line by a moment.
func (l *line) edited(at instant) int {
	n := 0
	for _, e := range l.edits {
		if e.at <= at {
			n += e.n
		}
	}
	return n
}

func (l *line) net() int64 { return l.price*int64(l.qty) - l.discount }

// share is what n of the line's units cost.
func (l *line) share(n int) int64 { return l.net() * int64(n) / int64(l.qty) }

func (o *order) subtotal() int64 {
	var sum int64
	for i := range o.lines {
		sum += o.lines[i].net()
	}
	return sum
}

func (o *order) total() int64 { return o.subtotal() + o.shipping + o.duties }

// netInShop is what the shop reckons a line at in its own currency: as many times the price as units, less the discount.
func (o *order) netInShop(l *line) int64 {
	return o.inShop(l.price)*int64(l.qty) - o.inShop(l.discount)
}

// inShop is what an amount of the customer's currency is in the shop's own: a brand that sells in pounds beside its own currency reckons at 0.87.
func (o *order) inShop(minor int64) int64 {
	if o.currency == o.brand.Currency {
		return minor
	}
	return (minor*100 + 43) / 87
}

// units is how many units of its lines an order wanted at a moment.
func (o *order) units(at instant) int {
	n := 0
	for i := range o.lines {
		if l := &o.lines[i]; l.added <= at {
			n += l.qty - l.edited(at)
		}
	}
	return n
}

// vat is the tax within a gross amount at the destination's rate.
func (o *order) vat(gross int64) int64 {
	if o.to.country == "NL" {
		return gross * 21 / 121
	}
	return gross * 20 / 120
}

// orderID is the order's key in the truth.
func (o *order) orderID() string {
	if o.phantom {
		return "wms:" + o.site.Source + ":" + o.wmsRef()
	}
	return o.brand.Shop + ":" + itoa(o.id)
}

// wmsRef is the order number that the warehouse uses.
func (o *order) wmsRef() string { return o.site.ref(o) }

// status is a warehouse status event; what is the canonical word.
type status struct {
	at           instant
	what         string
	code, reason string
	written      instant // what the warehouse writes for the time where that is nonsense; nobody can place such a row
	span
}

// tells says whether a file has told of it by a moment, in a way that can be placed.
func (st *status) tells(at instant) bool { return st.seen(at) && st.written == 0 }

// despatch is one row of a despatch: so many units of a line in a parcel.
type despatch struct {
	at           instant
	from         *site // nil for the order's own
	ref          string
	parcelRef    string
	tracking     string // empty when the warehouse gave none
	line         int
	ordered, qty int
	short        string
	manifest     manifest
	run          instant // of the report that tells of it
	span
}

// manifest is the carrier's paper on which a parcel stands: when the warehouse closed it, and when the driver signed for what is on it.
type manifest struct {
	ref               string
	closed, collected instant
}

// signed is the manifest as the row's report tells of it: only what was signed before it ran.
func (d *despatch) signed() manifest {
	if d.manifest.collected == 0 || d.run < d.manifest.collected {
		return manifest{}
	}
	return d.manifest
}

// sender is the site that a despatch left.
func (o *order) sender(d *despatch) *site {
	if d.from != nil {
		return d.from
	}
	return o.site
}

// receipt is one row of a return received.
type receipt struct {
	received, processed instant
	ref                 string
	rma, tracking       string
	noOrder             bool // the warehouse could not tell the order
	line, qty           int
	grade               string // A B C D R X M
	reason, note        string
	span
}

type parcel struct {
	o        *order
	carrier  *Carrier
	tracking string
	back     bool // a return
	events   []scan
	muddled  bool   // the carrier lists its events out of order
	before   []scan // of a parcel that had the number long ago
	spoilt   Spoilt
}

// scan is a carrier event. shown is when the carrier first answered with it.
type scan struct {
	at, shown instant
	what      Event
	country   string
	locality  string
	twice     bool
	timeless  bool // the carrier does not say when
	form      Form
}

type fulfilment struct {
	id       int64
	at       instant
	tracking string
	lines    []quantity
}

type quantity struct{ line, qty int }

type refund struct {
	id           int64
	at           instant
	ret          int // 1 + index of the return it belongs to, 0 for none
	note         string
	lines        []refundLine
	shipping     int64
	duties       int64
	amount       int64
	gift         int64 // the part of it that went back onto a gift card
	credit       bool  // that part is credit in the shop instead
	payRef       string
	authCode     string
	drift        bool // the shop put back what the warehouse did not, or the other way round
	missingInPSP bool
	pspAmount    int64 // when the PSP refunded another amount; 0 = the same
	forStock     bool  // the warehouse told that it had none
}

// restock is what became of the goods of a refunded line.
type restock string

// What may become of refunded goods.
const (
	cameBack  restock = "return"
	neverLeft restock = "cancel"
	kept      restock = "no_restock"
)

type refundLine struct {
	line, qty int
	restock   restock
	amount    int64
}

type shopReturn struct {
	id                int64
	name              string // without "#"
	at                instant
	approved, closed  instant
	declined          bool
	lines             []returnLine
	parcel            *parcel
	warehouseKnowsRMA bool
}

type returnLine struct {
	id           int64
	line, qty    int
	reason, note string
}

// movement is one booking on the PSP's balance. gross and net are signed from the merchant's side.
type movement struct {
	at         instant
	kind       string // as entry_type says it
	ref        string // the PSP's reference of the movement
	currency   string
	gross, net int64
	hasGross   bool
	Fees
	available instant // from when it may be paid out, where payouts name their movements
	paidBy    *payout
	o         *order // nil on rows of the account itself
}
