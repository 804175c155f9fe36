package demo

import "time"

// What happened that night, without anybody to hear it. Times are Central.
var thatNight = []struct{ at, what string }{
	{"21:50", "Log-ins begin to fail, on and off. No probe notices: it is never plainly down."},
	{"22:00", "Kansas State writes: \"unable to log in for ten minutes\". Nobody is on duty to read it."},
	{"22:04", "Bruin News writes. Another unread mail."},
	{"22:07", "Emerald Media writes. Three reports, and still not one incident."},
	{"22:20", "Kansas State had expected a reply by now."},
	{"22:36", "It seems to recover. A naive monitor would close it here."},
	{"23:00", "It fails again. Nobody knows of the first time."},
	{"23:06", "Kansas State writes again. Nobody reads it."},
	{"23:45", "Full service again, two hours after the first report."},
	{"00:30", "The London hub comes on duty: the first scheduled human since it began."},
	{"01:15", "The first reply goes out to the customers."},
}

// letters are the customers' mails. They go through SMTP as they stand.
var letters = []struct {
	at, from, raw string
}{
	{"22:00", "news@kstate.example", `From: Pat Doyle <news@kstate.example>
To: alerts@in.newsroom.example
Subject: Log in problems
Date: Tue, 03 Nov 2026 22:00:00 -0600
Message-ID: <1@mail.kstate.example>
Content-Type: text/plain; charset=utf-8

Hi,

our staff have been unable to log in for ten minutes and we go to print
tonight. Can you look into it right away?

--
Pat Doyle
Night desk, K-State Collegian, +1 785 555 0143
`},
	{"22:04", "editor@bruin.example", `From: "Kim, night desk" <editor@bruin.example>
To: alerts@in.newsroom.example
Subject: Newsroom down?
Date: Tue, 03 Nov 2026 20:04:00 -0800
Message-ID: <77@bruin.example>
Content-Type: text/html; charset=utf-8

<p>The system is <b>not responding normally</b>. It lets some of us sign in and throws others out.</p>
`},
	{"22:07", "chief@emerald.example", `From: chief@emerald.example
To: alerts@in.newsroom.example
Subject: =?utf-8?q?site_periodically_inaccessible_=E2=80=93_urgent?=
Date: Tue, 03 Nov 2026 20:07:00 -0800
Message-ID: <e-5@emerald.example>
Content-Type: text/plain; charset=utf-8

It has been periodically inaccessible for at least twenty minutes for everyone here.
`},
	{"23:06", "news@kstate.example", `From: Pat Doyle <news@kstate.example>
To: alerts@in.newsroom.example
Subject: Re: Log in problems
Date: Tue, 03 Nov 2026 23:06:00 -0600
Message-ID: <2@mail.kstate.example>
References: <1@mail.kstate.example>
In-Reply-To: <1@mail.kstate.example>
Content-Type: text/plain; charset=utf-8

It is down again for us. Nobody can log in.
`},
}

// Of the whole team only Ana hears her phone: she is in London, where it is four
// in the morning, and has let the sending number through. She opens the link of
// every SMS a little later and says that she has it; at goesOver she looks once
// more and says that it is over.
const (
	hears     = "ana"
	tapsAfter = 40 * time.Second
)

// The night as it is shown.
var (
	begins   = at("21:45")
	trouble  = at("21:50")
	answers  = []time.Time{at("22:08"), at("23:08")} // Ana has written to the customers, and says so
	relapse  = at("23:00")
	goesOver = at("23:52")
	onDuty   = at("00:30")
	ends     = at("01:20")
)
