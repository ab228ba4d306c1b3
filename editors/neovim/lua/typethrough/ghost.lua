--- The suggestion at the cursor: asked for at each change, drawn, typed through, accepted, sent away. There is one cursor, so
--- there is one of everything here.
local compat = require('typethrough.compat')
local server = require('typethrough.server')
local suggestions = require('typethrough.suggestion')
local view = require('typethrough.view')

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local TOKEN = 'typethrough/'
local INVOKED, AUTOMATIC = 1, 2

---@class typethrough.Request
---@field token string
---@field id? integer
---@field client vim.lsp.Client
---@field place typethrough.Place
---@field step? integer By how many to move among the suggestions that come; nil unless the user has asked.

---@type typethrough.Suggestion[] What is offered now.
local offered = {}
--- Which of them is shown.
local index = 1
---@type typethrough.Place? Where that is.
local seen
---@type typethrough.Request?
local pending
---@type any The suggestion that the server was last told of as shown.
local announced
local count = 0

--- Where the user types, and the server there; nothing outside insert mode.
---@return typethrough.Place?, vim.lsp.Client?
local function here()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = vim.startswith(vim.api.nvim_get_mode().mode, 'i') and server.client(bufnr)
  if client then
    local row, col = unpack(vim.api.nvim_win_get_cursor(0))
    local tick = vim.api.nvim_buf_get_changedtick(bufnr)
    return { bufnr = bufnr, row = row - 1, col = col, tick = tick }, client
  end
end

--- Takes back the request under way: its answer would be for another text.
local function cancel()
  local request = pending
  pending = nil
  if request and request.id and not compat.call(request.client, 'is_stopped') then
    compat.call(request.client, 'cancel_request', request.id)
  end
end

--- Draws what is offered and tells the server that it is on screen.
---@param place typethrough.Place
---@param client vim.lsp.Client
local function show(place, client)
  local suggestion = offered[index]
  if not suggestion then return view.clear(place.bufnr) end
  view.draw(suggestion, place)
  local command = suggestion.item.command
  local id = command and command.arguments and command.arguments[1] or suggestion.item
  if id ~= announced then
    announced = id
    server.notify(client, 'textDocument/didShowCompletion', { item = suggestion.item })
  end
end

--- Takes what is offered to where the cursor is now. When what is shown does not fit there, nothing is offered any more.
---@param place typethrough.Place
local function follow(place)
  local shown = offered[index]
  offered = vim.tbl_filter(function(suggestion) return suggestions.follow(suggestion, place) end, offered)
  index = 1
  for number, suggestion in ipairs(offered) do
    if suggestion == shown then
      index = number
      return
    end
  end
  offered = {}
end

--- Puts what the server has sent on screen. What still fits there is never shortened: by itself it only grows.
---@param request typethrough.Request
---@param items table[]
local function take(request, items)
  local place, client = here()
  if not place or not client or not vim.deep_equal(place, request.place) then return end
  ---@type typethrough.Suggestion[]
  local fresh = {}
  for _, item in ipairs(items) do
    table.insert(fresh, suggestions.read(item, client.offset_encoding, place))
  end
  local shown, new = offered[index], fresh[1]
  -- Nothing fits, or the server has nothing to put before a bracket that the editor has closed: what is shown goes round it.
  if not new and (#items > 0 or (shown and shown.covered > 0)) then
    return
  elseif (request.step or 0) ~= 0 then
    index = 1
    for number, suggestion in ipairs(fresh) do
      if shown and suggestion.rest == shown.rest then
        index = (number - 1 + request.step) % #fresh + 1
      end
    end
    offered = fresh
  elseif new and shown and #fresh == 1 and vim.startswith(new.rest, shown.rest) then
    offered[index] = new
  elseif not (new and shown and #new.rest < #shown.rest and vim.startswith(shown.rest, new.rest)) then
    offered, index = fresh, 1
  end
  show(place, client)
end

--- Asks the server. By itself one suggestion comes, and grows while the model speaks; when the user asks, several may come.
---@param place typethrough.Place
---@param client vim.lsp.Client
---@param step? integer
local function ask(place, client, step)
  cancel()
  count = count + 1
  local token, line = TOKEN .. count, vim.api.nvim_get_current_line():sub(1, place.col)
  local width = vim.lsp.util.get_effective_tabstop(place.bufnr)
  ---@type typethrough.Request
  local request = { token = token, client = client, place = place, step = step }
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(place.bufnr), version = server.version(place.bufnr) },
    position = { line = place.row, character = compat.units(line, client.offset_encoding) },
    context = { triggerKind = step and INVOKED or AUTOMATIC },
    formattingOptions = { tabSize = width, insertSpaces = vim.bo[place.bufnr].expandtab },
    partialResultToken = (step or 0) == 0 and token or nil,
  }
  pending = request
  local sent, id = compat.call(client, 'request', METHOD, params, function(err, result)
    if pending == request then
      pending = nil
      -- Null leaves alone what is on screen, such as what has grown there.
      if not err and type(result) == 'table' then
        take(request, result.items or result)
      end
    end
  end, place.bufnr)
  request.id = sent and id or nil
end

--- Follows the text and the cursor: what still fits stays on screen, anything else goes, and the server is asked.
function M.update()
  local place, client = here()
  if place and client and not vim.deep_equal(place, seen) then
    seen = place
    follow(place)
    show(place, client)
    ask(place, client)
  end
end

--- Insert mode or the buffer has been left, or there is no server any more.
---@param bufnr? integer Only if it is this one.
function M.leave(bufnr)
  if seen and (not bufnr or bufnr == seen.bufnr) then
    cancel()
    view.clear(seen.bufnr)
    offered, seen, announced = {}, nil, nil
  end
end

--- A partial result: the text so far.
---@param params { token: string|integer, value: any }
---@return boolean # whether it was one of ours
function M.progress(params)
  if pending and pending.token == params.token then
    take(pending, params.value.items or params.value)
  end
  return vim.startswith(tostring(params.token), TOKEN)
end

--- The suggestion on screen, where and from whom; nothing when none is shown that belongs there.
---@return typethrough.Suggestion?, typethrough.Place, vim.lsp.Client
local function current()
  local place, client = here()
  local shown = seen and place and seen.bufnr == place.bufnr and offered[index]
  ---@diagnostic disable-next-line: return-type-mismatch
  return shown and suggestions.follow(shown, place) and shown or nil, place, client
end

--- Puts text at the cursor and the cursor behind it, as a step of undo of its own.
---@param place typethrough.Place
---@param text string
---@param replaced integer How many bytes right of the cursor it takes the place of.
local function insert(place, text, replaced)
  local lines, bo = vim.split(text, '\n', { plain = true }), vim.bo[place.bufnr]
  bo.undolevels = bo.undolevels -- ends the step of what was typed
  vim.api.nvim_buf_set_text(place.bufnr, place.row, place.col, place.row, place.col + replaced, lines)
  vim.api.nvim_win_set_cursor(0, { place.row + #lines, #lines[#lines] + (#lines == 1 and place.col or 0) })
  bo.undolevels = bo.undolevels
end

---@param place typethrough.Place
local function clear(place)
  cancel()
  offered = {}
  view.clear(place.bufnr)
end

--- Inserts what is shown, or its next word or line.
---@param part? 'word'|'line'
---@return boolean # false when nothing is shown
function M.accept(part)
  local suggestion, place, client = current()
  if not suggestion then return false end
  local item, text = suggestion.item, part and suggestions[part](suggestion.rest) or suggestion.rest
  if #text < #suggestion.rest then
    local length = suggestions.accepted_length(suggestion, #text)
    insert(place, text, 0)
    server.notify(client, 'textDocument/didPartiallyAcceptCompletion', { item = item, acceptedLength = length })
    return true
  end
  insert(place, text, suggestion.covered)
  clear(place)
  if item.command then
    local params = { command = item.command.command, arguments = item.command.arguments }
    compat.call(client, 'request', 'workspace/executeCommand', params, function() end, place.bufnr)
  end
  return true
end

--- Sends what is shown away; the server will not offer it there again.
---@return boolean # false when nothing is shown
function M.dismiss()
  local suggestion, place, client = current()
  if suggestion then
    clear(place)
    server.notify(client, 'typethrough/dismissed', { item = suggestion.item })
  end
  return suggestion ~= nil
end

---@return boolean
function M.is_shown()
  return current() ~= nil
end

--- Shows another suggestion; asks the server for more when there are not several.
---@param step integer How many further, negative for back; 0 asks anew.
---@return boolean # false when there is nobody to ask
function M.cycle(step)
  local place, client = here()
  if not place or not client then return false end
  seen = place
  follow(place)
  if step ~= 0 and #offered > 1 then
    index = (index - 1 + step) % #offered + 1
    show(place, client)
  else
    ask(place, client, step)
  end
  return true
end

return M
