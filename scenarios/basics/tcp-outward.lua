-- A connection from inside passes the NAT; one from outside finds no mapping.
return {
  title  = "TCP: outward yes, inward no",
  params = { forwarded = false },

  world = function (p)
    return {
      server = host {},
      home   = net {
        nat     = "port-restricted-cone",
        forward = p.forwarded and { { tcp = 80, to = "alice" } } or nil,
        alice   = host {},
      },
    }
  end,

  run = function (w)
    local listener = w.server:listen { port = 80 }
    w:spawn(function ()
      local visitor = listener:accept { within = "2s" }
      if visitor then visitor:send(visitor:recv()) end
    end)
    local out = w.alice:tcp { to = w.server:at(80), within = "2s" }
    expect(out):is_not(nil)
    if out then out:send "hello" end
    expect(out and out:recv()):is "hello"

    w.alice:listen { port = 80 }
    local back, why = w.server:tcp { to = w.home.address .. ":80", within = "1s" }
    expect(back):is(nil)
    expect(why):is "timed out"
  end,

  twins = { { set = { forwarded = true }, fails = "expected nil, got userdata" } },
}
