--- What is on screen, and whether it still fits. Neovim 0.12's inline completion draws and inserts; on its own it keeps
--- showing a suggestion that the text typed has left behind, inserts one at a stale place when accepted early, asks only
--- after a pause of 200 ms, and lets a matched bracket lend its looks to the ghost text before it. This module sees the
--- client's requests, keeps the callback they came with, and through it takes back what no longer fits and asks again.
local M = {}

local METHOD = 'textDocument/inlineCompletion'

---@class typethrough.Record What is known of one buffer's suggestions.
---@field client vim.lsp.Client
---@field handler lsp.Handler The built-in client's own callback.
---@field items lsp.InlineCompletionItem[] What is offered now.
---@field rest? string The text right of the cursor when these were asked for.
---@field asked_at? lsp.Position
---@field context? lsp.HandlerContext

---@type table<integer, typethrough.Record?>
local records = {}

---@return integer row, integer col, string line # zero-based, of the current window
local function cursor()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return row - 1, col, vim.api.nvim_get_current_line()
end

--- Returns where an item would go now, or nothing when the text no longer leads into it.
---@param item lsp.InlineCompletionItem
---@param record typethrough.Record
---@return lsp.Range?
local function place(item, record)
  local row, col, line = cursor()
  local range, encoding = item.range, record.client.offset_encoding
  if not range or range.start.line ~= row or line:sub(col + 1) ~= record.rest then
    return nil
  end
  local start = vim.str_byteindex(line, encoding, range.start.character, false)
  local typed = line:sub(start + 1, col)
  if start > col or not vim.startswith(item.insertText, typed) or #typed == #item.insertText then
    return nil
  end
  local reach = vim.str_utfindex(line, encoding, col, false) + range['end'].character - record.asked_at.character
  return { start = range.start, ['end'] = { line = row, character = reach } }
end

---@param items lsp.InlineCompletionItem[]
---@param record typethrough.Record
local function fitting(items, record)
  return vim.iter(items):filter(function(item)
    return place(item, record) ~= nil
  end):totable()
end

--- Whether this buffer is where ghost text is wanted at this moment.
---@param bufnr integer
local function is_wanted(bufnr)
  return vim.api.nvim_get_current_buf() == bufnr
    and vim.startswith(vim.api.nvim_get_mode().mode, 'i')
    and vim.lsp.inline_completion.is_enabled({ bufnr = bufnr })
end

--- Asks now, without the pause that the built-in client waits for; `after` runs when the answer is on screen.
---@param bufnr integer
---@param kind 'Automatic'|'Invoked'
---@param after? fun()
local function ask(bufnr, kind, after)
  local record = records[bufnr]
  if not record or not is_wanted(bufnr) then
    return
  end
  local params = vim.lsp.util.make_position_params(0, record.client.offset_encoding)
  params.context = { triggerKind = vim.lsp.protocol.InlineCompletionTriggerKind[kind] }
  record.client:request(METHOD, params, function(...)
    record.handler(...)
    if after then
      after()
    end
  end, bufnr)
end

--- Draws ghost text in its own looks alone: by default they are combined with those of the bracket it stands before.
---@param bufnr integer
local function keep_looks(bufnr)
  local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })) do
    local id, row, col, details = unpack(mark)
    local kept = { id = id, hl_mode = 'replace' }
    for _, key in ipairs({ 'virt_text', 'virt_lines', 'virt_text_pos' }) do
      kept[key] = details[key]
    end
    vim.api.nvim_buf_set_extmark(bufnr, namespace, row, col, kept)
  end
end

--- Wraps an answer's callback: it gets only what still fits, and nothing when nobody waits for it any more.
---@param bufnr integer
---@param handler lsp.Handler
---@param position lsp.Position
---@return lsp.Handler
local function guard(bufnr, handler, position)
  local _, col, line = cursor()
  local record = records[bufnr]
  return function(err, result, context)
    local items = not err and result and (result.items or result)
    if records[bufnr] ~= record or not is_wanted(bufnr) then
      return
    elseif not items then
      return handler(err, nil, context)
    end
    local asked = { client = record.client, rest = line:sub(col + 1), asked_at = position, context = context }
    asked.items = fitting(items, asked)
    -- An answer that the text has outrun says nothing about what is shown now.
    if #items == 0 or #asked.items > 0 then
      for key, value in pairs(asked) do
        record[key] = value
      end
      handler(nil, { items = asked.items }, context)
      keep_looks(bufnr)
    end
  end
end

--- Takes back what the text or the cursor has left.
---@param bufnr integer
local function refresh(bufnr)
  local record = records[bufnr]
  local fit = record and fitting(record.items, record)
  if record and #fit < #record.items then
    record.items = fit
    record.handler(nil, { items = fit }, record.context)
    if #fit == 0 then
      ask(bufnr, 'Automatic')
    end
  end
  keep_looks(bufnr)
end

--- Begins to follow a buffer. The built-in client did so before it asked, so its handlers of an event run first.
---@param bufnr integer
local function follow(bufnr)
  local group = vim.api.nvim_create_augroup('typethrough.' .. bufnr, {})
  local function on(events, act)
    vim.api.nvim_create_autocmd(events, { group = group, buffer = bufnr, callback = act })
  end
  on({ 'CursorMovedI', 'TextChangedI', 'TextChangedP' }, function() refresh(bufnr) end)
  on({ 'LspDetach', 'BufWipeout' }, function() M.forget(bufnr) end)
  on({ 'InsertLeave' }, function()
    if records[bufnr] then
      records[bufnr].items = {}
    end
  end)
end

--- Sees every request for inline completion that this client makes.
---@param client vim.lsp.Client
function M.watch(client)
  if client.typethrough_request then
    return
  end
  client.typethrough_request = client.request
  client.request = function(self, method, params, handler, bufnr)
    if method == METHOD and handler then
      local asked = vim._resolve_bufnr(bufnr)
      if not records[asked] then
        records[asked] = { client = client, handler = handler, items = {} }
        follow(asked)
      end
      handler = guard(asked, handler, params.position)
    end
    return self.typethrough_request(self, method, params, handler, bufnr)
  end
end

---@param bufnr integer
function M.forget(bufnr)
  records[bufnr] = nil
end

--- Inserts what is shown, as its own step of undo, and asks for what follows.
---@param bufnr integer
---@return boolean # false when nothing is shown
function M.accept(bufnr)
  local record = records[bufnr]
  if not record or not is_wanted(bufnr) or #fitting(record.items, record) == 0 then
    return false
  end
  return vim.lsp.inline_completion.get({
    bufnr = bufnr,
    on_accept = function(item)
      -- Keys may have been typed between the key and this moment, so where it goes is worked out now.
      for _, known in ipairs(item.client_id == record.client.id and record.items or {}) do
        local range = known.insertText == item.insert_text and place(known, record)
        if range then
          vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels -- ends the undo step of what was typed
          item.range = vim.range.lsp(bufnr, range, record.client.offset_encoding)
          record.items = {}
          vim.schedule(function() ask(bufnr, 'Automatic') end)
          return item
        end
      end
    end,
  })
end

--- Shows another suggestion; asks the server for more when there are not several.
---@param step integer
function M.select(step)
  local bufnr = vim.api.nvim_get_current_buf()
  local function move()
    local several = records[bufnr] and #records[bufnr].items > 1
    if several then
      vim.lsp.inline_completion.select({ bufnr = bufnr, count = step })
      keep_looks(bufnr)
    end
    return several
  end
  if not move() then
    ask(bufnr, 'Invoked', move)
  end
end

return M
