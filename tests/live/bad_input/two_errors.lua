-- 1: two_errors.lua:7: first
return {
  title = "An error in one actor while another waits: the first one counts, and at once",
  world = function () return { alice = host {} } end,
  run   = function (w)
    w:spawn(function () w:sleep "1h" end)
    w:spawn(function () error "first" end):wait()
  end,
}
