"""Leads from a language's built-in names: methods after a dot, functions and types elsewhere.

They help in a new file, where none of them is typed yet. This module does not know how likely a lead is right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.local.idioms import ALIKE
from typethrough.local.lines import handles_exceptions, is_exception

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.local.leads import Leads

_SCRIPT_MEMBERS: Final = """
push( pop() map( filter( forEach( find( findIndex( some( every( reduce( includes( indexOf( join( split( slice( splice(
concat( length toString() trim() replace( replaceAll( startsWith( endsWith( toLowerCase() toUpperCase() charAt(
charCodeAt( padStart( then( catch( finally( keys() values() entries() addEventListener( removeEventListener(
querySelector( appendChild( preventDefault()
"""
# Built-in names, with the brackets of their call: those after a dot, and all others.
_MEMBERS: Final[Mapping[str, str]] = {
    "python": """
append( extend( insert( remove( items() keys() values() update( setdefault( discard( union( join( split( splitlines()
strip() rstrip() lstrip() replace( startswith( endswith( format( encode( decode( lower() upper() title() isdigit()
count( index( find( readline() readlines() write( writelines( close() group( groups() match( search( findall(
finditer( fullmatch( partition( rpartition( removeprefix( removesuffix( copy() clear() sort(
""",
    "javascript": _SCRIPT_MEMBERS,
    "typescript": _SCRIPT_MEMBERS,
    "java": """
equals( hashCode() toString() length() isEmpty() contains( charAt( substring( indexOf( startsWith( endsWith( trim()
split( size() getOrDefault( put( putIfAbsent( computeIfAbsent( containsKey( entrySet() keySet() stream() collect(
forEach( iterator() hasNext() next() addAll( getMessage() printStackTrace() append( println( printf(
""",
    "rust": """
unwrap() unwrap_or( unwrap_or_else( unwrap_or_default() expect( clone() to_string() to_owned() into() iter()
iter_mut() into_iter() collect() collect::<Vec<_>>() map( map_err( filter( filter_map( and_then( ok_or( as_ref()
as_mut() as_str() as_bytes() is_empty() is_some() is_none() is_ok() is_err() push( push_str( insert( contains(
contains_key( len() enumerate() lock() await
""",
    "go": """
Error() String() Errorf( Sprintf( Printf( Println( Fprintf( Background() HasPrefix( HasSuffix( TrimSpace( Contains(
Atoi(
""",
    "ruby": """
each map select reject inject each_with_index each_with_object include?( empty? nil? to_s to_sym to_i length first
last join( split( gsub( start_with?( end_with?( merge( fetch( dig( respond_to?( is_a?( freeze strip upcase downcase
""",
}
_BUILT_IN: Final[Mapping[str, str]] = {
    "python": """
isinstance( issubclass( enumerate( sorted( reversed( getattr( setattr( hasattr( callable( print( range( super()
property staticmethod classmethod ValueError TypeError KeyError IndexError RuntimeError AttributeError
NotImplementedError StopIteration Exception OSError FileNotFoundError None
""",
    "javascript": """
console document window Object Promise undefined setTimeout( setInterval( clearTimeout( parseInt( parseFloat( require( null
""",
    "typescript": """
console document window Object Promise undefined setTimeout( clearTimeout( parseInt( string number boolean unknown null
""",
    "java": """
String Integer Boolean Object System Override IllegalArgumentException IllegalStateException boolean ArrayList HashMap null
""",
    "rust": """
String Option Result Some( Vec println!( format!( assert_eq!( assert!( panic!( vec![ unreachable!( HashMap impl
""",
    "go": "string append( context error panic( uint64 int64 float64 interface struct",
    "c": """
static const struct sizeof( unsigned size_t uint32_t uint64_t uint8_t printf( fprintf( malloc( memcpy( memset( strlen(
strcmp(
""",
    "php": """
isset( empty( array_map( array_filter( array_keys( array_merge( in_array( sprintf( implode( explode( str_replace(
is_array(
""",
    "lua": """
string table require( tostring( tonumber( setmetatable( ipairs( pairs( assert( error(
""",
}
# Directly behind these words stands an exception.
_RAISES: Final = re.compile(r"\b(?:raise|except|throw new|catch \()\s*\(?$")
_NOTHING: Final = frozenset(("None", "null"))
_FEWEST_LETTERS: Final = 2
_NAME_WEIGHT: Final = 2.0
_BEHIND_DOT: Final = {language: table.split() for language, table in _MEMBERS.items()}
_ELSEWHERE: Final = {language: table.split() for language, table in _BUILT_IN.items()}


def by_builtin(leads: Leads, language_id: str, known: str, partial: str) -> None:
    """Add the built-in names that begin like the word being typed."""
    if len(partial) < _FEWEST_LETTERS:
        return
    language = ALIKE.get(language_id, language_id)
    table = _BEHIND_DOT if known.endswith(".") else _ELSEWHERE
    fitting = [name for name in table.get(language, ()) if name.startswith(partial) and name != partial]
    if fitting and table is _ELSEWHERE:
        fitting = _fitting(fitting, known)
    for name in fitting:
        evidence = leads.of(name[len(partial) :], is_whole=False)
        evidence.weight += _NAME_WEIGHT
        evidence.is_imported = True


def _fitting(names: list[str], known: str) -> list[str]:
    """Those of the names that may stand here: exceptions where one is handled, and nothing else where one is raised."""
    exceptions = [name for name in names if is_exception(name)]
    if exceptions and _RAISES.search(known):
        return exceptions
    if not handles_exceptions(known):
        names = [name for name in names if name not in exceptions]
    if len(names) > 1:
        # Directly behind a colon stands a type. In a union or a value, the word for nothing is likelier.
        is_type = known.endswith(": ")
        return [name for name in names if (name in _NOTHING) != is_type] or names
    return names
