package world

import (
	"math/rand/v2"
	"time"
)

// Group describes whose history is simulated: brands, the warehouses that ship for them, the carriers and payment
// providers that they use. It is data; what a partner's system calls things comes with it as tables and functions.
type Group struct {
	Brands   []Brand
	Sites    []Site
	Carriers []Carrier
	PSPs     []PSP
	Terms
}

// Brand is a web shop with what belongs to it.
type Brand struct {
	Name       string // Aster & Vale
	Shop       string // source of its web shop and first part of its keys: aster-vale
	System     string // what the web shop runs on
	Can        ShopSkills
	Prefix     string // of its orders' names: AV
	FirstNo    int    // the first order's name is Prefix and this number
	FirstID    int64  // the first order's id is one more
	Currency   string // the shop's own
	Share      int    // of all orders, beside the other brands'
	Abroad     float64
	Warehouses []Share // sites by code; the first is the brand's own
	TwoStep    bool    // payments are authorised first and captured moments later
	// PaidWhenSent: payments are authorised first and captured when all of an order is sent
	PaidWhenSent bool
	Range        []Style
	Account      Account
	Says         ShopWords
}

// ShopWords are the words of a shop system.
type ShopWords struct {
	State func(ShopOrder) string // of an order's money
	Word  func(string) string    // of anything else, by the group's own word
	// by which an order's payments are known in it: its own or the PSP's name of each payment, and the PSP's of each movement but refunds
	Refs func(ShopOrder) (payments, movements []string)
}

// ShopSkills are what a shop system can express beside orders, payments, fulfilments and plain refunds.
type ShopSkills struct {
	Returns  bool // announced returns
	Restocks bool // a refunded line says whether it was returned, cancelled or neither
	Cancels  bool // the moment of a cancellation
	Tests    bool // test orders
	Overpays bool // refunds beyond what was paid
	Unnamed  bool // fulfilments without a tracking number
	Hours    bool // the moment of a fulfilment, not only its day
	Costs    bool // what its articles cost
	Remains  bool // what is left of an order's total after refunds
	Pounds   bool // orders in another currency than its own
	Edits    bool // lines taken off and added to an order that is there already, by an edit or an exchange
	Gifts    bool // gift cards: sold, and paid with beside another tender
	Drafts   bool // baskets among its orders
	Bins     bool // orders that were thrown away
	Duties   bool // import duties, given back by name
	Takes    bool // payments that are authorised and captured apart
	Doors    bool // cash at the door, which it takes for paid when an order is complete; otherwise orders on terms are on an invoice
}

// Style is a garment in its sizes, at a price in minor units of the brand's currency, VAT included.
type Style struct {
	No, Name string
	Price    int64
	Sizes    []string
	SoldOut  bool // there is none of it but what suppliers are to bring; only orders that wait for it have it
}

// Share is a part of a whole that others share: a warehouse by its code, or a carrier by its source.
type Share struct {
	Of     string
	Weight int
}

// Account is a brand's account with its PSP, named as the ledger names it.
type Account struct {
	PSP, Name  string
	Books      bool   // its reports say when each row was booked
	Zone       string // of its reports
	Currencies []string
}

// Site is a warehouse and the reports that its system writes.
type Site struct {
	Code, Source, System string    // NG1, northgate; System is who renders its files
	Country, Town        string    // Town is where the carriers collect
	Zone, Calendar       string    // Europe/London, GB-EAW
	CutOffs              []CutOff  // those of one service first
	Opens                [7][2]int // when people work there, minutes after midnight from Monday on; nobody where both are 0
	Collects             [7][2]int // when carriers collect, minutes after midnight from Monday on, and until when what they took gets its first scan; beyond 1440 it is the next day
	ByScan               bool      // its contract calls shipped what a carrier has scanned
	Runs                 []int     // when its reports run, minutes after midnight, local; stock with the last
	ByNumber             bool      // it calls an order by the shop's number, not by its name
	Despatches, Returns  string    // forms of its despatch and return references, with a %d
	Carriers             []Share
	Reports              Reports
	Shorts               bool // despatches tell units ordered, and why fewer were sent
	Manifests            bool // despatches tell when the carrier's manifest was closed and when its driver signed, where that was before the report
	Inbound              bool // it tells movements of stock, what suppliers delivered, and what they are to
	Allots               bool // its stock says how much of it is promised to orders
	Sparse               bool // its stock leaves out what there is none of
	Problems             []Problem
	Says                 SiteWords
}

// SiteWords are the words of a warehouse's system for the group's; nil functions say them as they are.
type SiteWords struct {
	Status, Reason func(string) string
	Move           func(string) string // of a kind of movement
	Fates          map[string]string   // what becomes of a grade; nil where it does not tell
}

// Reports say how a site's system names its files.
type Reports struct {
	First map[string]int // first sequence number of each feed that has one
	Path  func(feed string, run time.Time, seq int) string
	// Documents tell the rows of a despatch or of a return in one record, and a file that is cut off loses the torn one;
	// otherwise a record is a row, and the torn one is seen.
	Documents bool
	Broken    int // kinds of despatch rows that no contract lets through; the renderer knows them by number, from 1
}

// Problem is something that goes wrong with a site's files.
type Problem struct {
	Kind string // file_corrected, file_late, file_cut_off, file_wrong_trailer, file_changed_header, file_held, rows_rejected, sequence_skipped, file_left_over, file_sent_twice
	Feed string
	Seen int // the bad file is the newest before this checkpoint, counted from 0
	Rows int // and has at least so many rows
	Mend int // hours after that checkpoint at which it is put right, 0 for never
}

// Carrier is a parcel carrier.
type Carrier struct {
	Source  string // dhl: first part of a shipment's key
	Title   string // as shops show it to customers
	Abroad  bool   // takes parcels to another country than the warehouse's
	Returns bool   // its labels bring returns back
	Number  func(use NumberUse, n int) string
	Codes   map[Event]string // what it calls an event; what it has no code for cannot happen to its parcels
	Types   map[Event]string // its coarse code of an event, where it has two
	Texts   map[Event]string // its words
	Reasons map[Event]string // why, where its code says more than the event
	Placed  bool             // scans name the country of their place
	Forms   [3]int           // how often times come without offset, with it, in UTC
	// a claim has to reach the carrier within so many calendar days of sending, its evidence within so many of delivery or of when it was due (0:
	// no such day), and of a lost parcel not before so many working days after it was due
	ClaimLost, ClaimDamaged, ClaimPapers, ClaimAfter int
}

// NumberUse is what a tracking number is for.
type NumberUse int

// The series of tracking numbers.
const (
	NumberOut     NumberUse = iota // a parcel to a customer
	NumberBack                     // a return
	NumberNowhere                  // a number that no parcel ever had
)

// PSP is a payment provider: its references, words and prices.
type PSP struct {
	Source   string // adyen
	Itemises bool   // payouts name the movements they pay; otherwise numbered batches close every day
	Residual bool   // takes dispute fees that no component of its reports explains
	Ref      func(kind string, r *rand.Rand) string
	Own      func(OwnRow) string    // its reference of a row of the account itself
	Words    map[string]string      // its type by kind of movement
	Price    func(Booking) Fees     // of a booking with a gross amount
	PerBatch int64                  // its fee for each booking, taken as one row a batch
	Dispute  int64                  // its fee for a dispute
	Methods  func(Booking) []string // ways of paying that it offers, repeated as they are common
	Shows    func(kind string, p *Payment) Shown
	Disputes *DisputeTerms // nil where it lists no disputes
}

// Shown is how a PSP's reports show the payment of a movement; the payment is nil for one of the account itself.
type Shown struct{ MerchantRef, Method, Variant string }

// DisputeTerms are how a PSP lists a dispute that nobody has answered yet.
type DisputeTerms struct {
	Days          int // until the end of the day after so many, UTC, evidence is taken
	State, Reason string
}

// OwnRow is what an account's own row is about.
type OwnRow struct {
	Kind     string
	Account  int // position among the PSP's accounts
	Batch    int // which the row stands in, or, of a reserve, was held in
	Day      time.Time
	Currency string
	Rand     *rand.Rand // for references that say nothing
}

// Booking is a payment, or what happened to it later, as prices depend on it.
type Booking struct {
	Kind, Method string
	Country      string
	Currency     string
	Gross        int64
}

// Fees are what a PSP keeps of a booking, in minor units.
type Fees struct{ Commission, Markup, Scheme, Interchange int64 }

func (f Fees) sum() int64 { return f.Commission + f.Markup + f.Scheme + f.Interchange }
