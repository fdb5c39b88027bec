-- One pair of homes, behind NATs that no method over UDP gets through, and four kinds of program, each with an order
-- of its own: who has a TURN server prefers it to the rendezvous; Skype has none, and its supernode relays; an ICE
-- agent agrees on a pair that the server relays.
return {
  title  = "Orders of the ladder: as ICE tries, as Skype or a browser does, or plainly",
  claims = { "SKB-06", "SKB-15" },
  params = { order = "ice", relay = "turn" },

  world = function ()
    return {
      supernode = host { services = { "rendezvous" } },
      turn      = host { services = { "turn" } },
      home_a    = net { nat = "symmetric", alice = host {} },
      home_b    = net { nat = "symmetric", bob = host {} },
    }
  end,

  run = function (w, p)
    local patience = p.order == "webrtc" and "4s" or "400ms"
    local call = connect(w.alice, w.bob, { via = w.supernode, order = p.order, attempt = patience })
    call:talk { frames = 10, every = "20ms" }

    expect(call:worked "punch"):is(false)
    expect(call.method):is(p.relay)
    expect(call.arrived):is_at_least(10)
  end,

  twins = {
    { set = { order = "skype" }, fails = "expected turn, got relay" },
    { set = { order = "webrtc" }, fails = "expected turn, got ice" },
    { set = { order = "default", relay = "relay" }, fails = "expected relay, got turn" },
  },
}
