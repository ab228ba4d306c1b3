--- Draws ghost text: the rest of the line where the cursor is, and the lines that follow below it.
local M = {}

local GROUP = 'TypethroughGhost'
-- A grey in the middle can be read and told from text, on a dark background and on a light one.
---@type vim.api.keyset.highlight
local GREY = { default = true, fg = '#808080', ctermfg = 244 }

local namespace = vim.api.nvim_create_namespace('typethrough')

function M.set_highlight()
  local look = require('typethrough.options').current.highlight or GREY
  vim.api.nvim_set_hl(0, GROUP, type(look) == 'string' and { link = look } or look --[[@as table]])
end

--- Tabs as blanks, for virtual text knows nothing of tab stops.
---@param text string
---@param column integer Where it begins on the screen.
---@param width integer
---@return string
local function without_tabs(text, column, width)
  local head, tail = text:match('^([^\t]*)\t(.*)$')
  if not head then return text end
  head = head .. (' '):rep(width - (column + vim.fn.strdisplaywidth(head)) % width)
  return without_tabs(head .. tail, column, width)
end

---@param bufnr integer
function M.clear(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

--- Scrolls the window when lines below the cursor's would lie under its end, where Neovim draws none: by as many as are missing,
--- and no further than the cursor's line stays in sight. It is not scrolled back, so that there is room for what comes next.
---@param count integer How many lines there are.
local function make_room(count)
  local missing = count - (vim.fn.winheight(0) - vim.fn.winline())
  local possible = vim.fn.winline() - 1 - math.min(vim.wo.scrolloff, vim.fn.winheight(0))
  local by = math.min(missing, possible)
  if by > 0 then
    vim.fn.winrestview({ topline = math.min(vim.fn.line('w0') + by, vim.fn.line('.')) })
  end
end

---@param suggestion typethrough.Suggestion
---@param place typethrough.Place
function M.draw(suggestion, place)
  M.clear(place.bufnr)
  local width, column = vim.bo[place.bufnr].tabstop, vim.fn.virtcol('.') - 1
  local lines = vim.split(suggestion.rest, '\n', { plain = true })
  local first = table.remove(lines, 1)
  -- The line that a closing bracket behind the cursor gets: there is nothing to see on it.
  if #lines > 0 and not lines[#lines]:find('%S') then table.remove(lines) end
  local below = vim.tbl_map(function(line) return { { without_tabs(line, 0, width), GROUP } } end, lines)
  local there = suggestion.after:sub(1, suggestion.covered)
  local pieces = require('typethrough.suggestion').pieces(first, there) or { { offset = 0, text = first } }
  for number, piece in ipairs(pieces) do
    vim.api.nvim_buf_set_extmark(place.bufnr, namespace, place.row, place.col + piece.offset, {
      virt_text = { { without_tabs(piece.text, column, width), GROUP } },
      virt_text_pos = 'inline',
      virt_lines = number == #pieces and #below > 0 and below or nil,
      -- Otherwise a matched bracket that it stands before would lend it its colours.
      hl_mode = 'replace',
      undo_restore = false,
    })
  end
  if #below > 0 then make_room(#below) end
end

M.set_highlight()

return M
