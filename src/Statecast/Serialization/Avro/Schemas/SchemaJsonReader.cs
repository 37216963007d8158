using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>Reads JSON as RFC 8259 has it, and nothing more lenient; a name given twice is refused. Depth and size are limited before anything is kept.</summary>
internal sealed class SchemaJsonReader
{
    private readonly string _text;
    private readonly AvroSchemaLimits _limits;
    private int _at;
    private int _values;

    private SchemaJsonReader(string text, AvroSchemaLimits limits) => (_text, _limits) = (text, limits);

    /// <exception cref="AvroSchemaException">The text is no JSON, or exceeds a limit.</exception>
    public static SchemaJson Read(string text, AvroSchemaLimits limits)
    {
        if (text.Length > limits.MaxCharacters)
            throw new AvroSchemaException("$", 0, $"the schema has {text.Length} characters; at most {limits.MaxCharacters} are read");
        var reader = new SchemaJsonReader(text, limits);
        reader.Blanks();
        var value = reader.Value(0);
        reader.Blanks();
        return reader._at == text.Length ? value : throw reader.Fail("something follows the schema");
    }

    private SchemaJson Value(int depth)
    {
        if (depth > _limits.MaxDepth)
            throw Fail($"the schema is nested deeper than {_limits.MaxDepth}");
        if (++_values > _limits.MaxValues)
            throw Fail($"the schema has more than {_limits.MaxValues} values");
        var start = _at;
        if (_at == _text.Length)
            throw Fail("a value is expected, not the end");
        switch (_text[_at])
        {
            case '{':
                return Object(start, depth);
            case '[':
                return Array(start, depth);
            case '"':
                return SchemaJson.Scalar(SchemaJsonKind.Text, start, Text());
            case 't':
                return Word("true", SchemaJsonKind.True);
            case 'f':
                return Word("false", SchemaJsonKind.False);
            case 'n':
                return Word("null", SchemaJsonKind.Null);
            default:
                return Number();
        }
    }

    private SchemaJson Object(int start, int depth)
    {
        var members = new List<KeyValuePair<string, SchemaJson>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        _at++;
        Blanks();
        if (Take('}'))
            return SchemaJson.Of(start, members);
        do
        {
            Blanks();
            if (!Peek('"'))
                throw Fail("a name in quotes is expected");
            var at = _at;
            var name = Text();
            if (!names.Add(name))
                throw new AvroSchemaException("$", at, $"the name '{name}' is given twice in one object");
            Blanks();
            if (!Take(':'))
                throw Fail("':' is expected");
            Blanks();
            members.Add(new(name, Value(depth + 1)));
            Blanks();
        } while (Take(','));
        return Take('}') ? SchemaJson.Of(start, members) : throw Fail("',' or '}' is expected");
    }

    private SchemaJson Array(int start, int depth)
    {
        var items = new List<SchemaJson>();
        _at++;
        Blanks();
        if (Take(']'))
            return SchemaJson.Of(start, items);
        do
        {
            Blanks();
            items.Add(Value(depth + 1));
            Blanks();
        } while (Take(','));
        return Take(']') ? SchemaJson.Of(start, items) : throw Fail("',' or ']' is expected");
    }

    private SchemaJson Word(string word, SchemaJsonKind kind)
    {
        var start = _at;
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0)
            throw Fail("a value is expected");
        _at += word.Length;
        return SchemaJson.Scalar(kind, start);
    }

    private SchemaJson Number()
    {
        var start = _at;
        Take('-');
        if (!Take('0') && !Digits())
            throw new AvroSchemaException("$", start, "a value is expected");
        if (Take('.') && !Digits())
            throw Fail("a digit is expected");
        if (Take('e') || Take('E'))
        {
            if (!Take('+'))
                Take('-');
            if (!Digits())
                throw Fail("a digit is expected");
        }
        return SchemaJson.Scalar(SchemaJsonKind.Number, start, _text.Substring(start, _at - start));
    }

    private string Text()
    {
        var start = ++_at;
        while (_at < _text.Length && _text[_at] is not ('"' or '\\') && _text[_at] >= ' ')
            _at++;
        if (Peek('"'))
            return _text.Substring(start, _at++ - start);
        var text = new StringBuilder(_text, start, _at - start, 256);
        while (_at < _text.Length)
        {
            var c = _text[_at++];
            if (c == '"')
                return text.ToString();
            if (c < ' ')
                throw Fail("a control character in a text must be escaped");
            text.Append(c == '\\' ? Escape() : c);
        }
        throw Fail("a text does not end");
    }

    private char Escape()
    {
        if (_at == _text.Length)
            throw Fail("a text does not end");
        switch (_text[_at++])
        {
            case '"':
                return '"';
            case '\\':
                return '\\';
            case '/':
                return '/';
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u'
                when _at + 4 <= _text.Length
                    && ushort.TryParse(_text.Substring(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                _at += 4;
                return (char)unit;
            default:
                throw Fail("no such escape");
        }
    }

    private bool Digits()
    {
        var start = _at;
        while (_at < _text.Length && _text[_at] is >= '0' and <= '9')
            _at++;
        return _at > start;
    }

    private void Blanks()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n')
            _at++;
    }

    private bool Peek(char c) => _at < _text.Length && _text[_at] == c;

    private bool Take(char c)
    {
        if (!Peek(c))
            return false;
        _at++;
        return true;
    }

    private AvroSchemaException Fail(string reason) => new("$", _at, reason);
}
