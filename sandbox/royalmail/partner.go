package royalmail

import (
	"context"
	"net/http"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// Start serves the tracking API.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	id, secret := servers.NewSecret(), servers.NewSecret()
	api, err := New(Options{
		ClientID: id, ClientSecret: secret, Limits: Limits{PerSecond: s.Calls.PerSecond, PerDay: s.Calls.PerDay}, At: s.At, Now: s.Now,
		Piece:       func(number string, at time.Time) (Piece, bool) { return PieceAt(s.World, number, at) },
		Unavailable: func(number string) bool { return s.World.SpoiltAnswer(Source, number) != world.NotSpoilt },
		Spoil: func(w http.ResponseWriter, number string) bool {
			return servers.Spoil(w, s.World.SpoiltAnswer(Source, number), `{"mailPieces":{"mailPieceId":"`+number+`","eve`)
		},
	})
	if err != nil {
		return p, err
	}
	url, err := s.ServeHTTP(p, Source, api)
	p.Connections = append(p.Connections, servers.Connection{
		Source: Source, Kind: "royal_mail", Secrets: map[string]string{"client_secret": secret}, Other: map[string]string{"url": url},
		// A little below what is allowed: a client's second is not the server's.
		Settings: map[string]any{
			"base_url": url, "client_id": id, "daily_quota": s.Calls.PerDay, "calls_per_second": max(1, s.Calls.PerSecond*9/10),
		},
	})
	return p, err
}
