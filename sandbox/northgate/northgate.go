// Package northgate is a warehouse system that reports by CSV files over SFTP: cp1252, CRLF, commas, quotes where
// needed, a header, and a trailer with the number of rows. Columns and apostrophes around despatch times follow
// Peoplevox's report templates.
package northgate

import (
	"context"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// System is what a site of a group runs on to be served by this package.
const System = "northgate"

// Reports say how the system names its files. Stock has no number.
func Reports() world.Reports {
	return world.Reports{
		First:  map[string]int{world.FeedDespatch: 101, world.FeedStatus: 501, world.FeedReturns: 901, world.FeedMovements: 1301, world.FeedGoodsIn: 1501, world.FeedExpected: 1701},
		Broken: 5,
		Path: func(feed string, run time.Time, seq int) string {
			day := run.Format("20060102")
			switch feed {
			case world.FeedDespatch:
				return fmt.Sprintf("out/despatch/DESP_%s_%d.csv", day, seq)
			case world.FeedStatus:
				return fmt.Sprintf("out/status/STAT_%s_%d.csv", day, seq)
			case world.FeedReturns:
				return fmt.Sprintf("out/returns/RET_%s_%d.csv", day, seq)
			case world.FeedMovements:
				return fmt.Sprintf("out/movements/MOVE_%s_%d.csv", day, seq)
			case world.FeedGoodsIn:
				return fmt.Sprintf("out/goods_in/GRN_%s_%d.csv", day, seq)
			case world.FeedExpected:
				return fmt.Sprintf("out/expected/PO_%s_%d.csv", day, seq)
			}
			return fmt.Sprintf("out/stock/STOCK_%s.csv", day)
		},
	}
}

// Start serves every site that runs on the system.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	for _, site := range s.World.Group().Sites {
		if site.System != System {
			continue
		}
		files := func(at time.Time) ([]servers.File, error) { return Files(s.World, site.Source, at), nil }
		if err := s.SFTP(p, servers.Warehouse{Source: site.Source, Within: "out", FilesAt: files}); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Files are what lies on a site's server at an instant: every report with its newest bytes, and two thirds of an upload
// that broke off and was never renamed.
func Files(w *world.World, source string, at time.Time) []servers.File {
	var out []servers.File
	for _, f := range w.Files(source, at) {
		body := render(f)
		out = append(out, servers.File{Path: f.Path, Body: body, ModifiedAt: f.ModifiedAt})
		if f.LeftOver {
			out = append(out, servers.File{Path: f.Path + ".tmp", Body: body[:len(body)*2/3], ModifiedAt: f.Run})
		}
	}
	return out
}
