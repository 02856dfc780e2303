// A client of BuddyPress's messages interface on WordPress's own wp.apiRequest, which
// finds the address and the nonce in wpApiSettings. The spelling is how it names the
// verb: with "method" wp.apiRequest sends PUT and DELETE as a POST that says so in a
// header, with "type", as BuddyPress's handbook writes it, as they are.
window.messagesClient = function ( version, spelling ) {
	function ask( verb, path, data, headers ) {
		var options = { path: 'buddypress/' + version + '/messages' + path, data: data };
		options[ spelling ] = verb;
		if ( headers ) {
			options.headers = headers;
		}
		return new Promise( function ( resolve ) {
			function report( settings, outcome, xhr ) {
				resolve( JSON.stringify( {
					outcome: outcome,
					verb: settings.type,
					override: settings.headers[ 'X-HTTP-Method-Override' ] || '',
					status: xhr.status,
					total: xhr.getResponseHeader( 'X-WP-Total' ) || '',
					pages: xhr.getResponseHeader( 'X-WP-TotalPages' ) || '',
					nonce: xhr.getResponseHeader( 'X-WP-Nonce' ) || '',
					body: xhr.responseJSON
				} ) );
			}
			wp.apiRequest( options )
				.done( function ( body, outcome, xhr ) { report( this, 'done', xhr ); } )
				.fail( function ( xhr ) { report( this, 'fail', xhr ); } );
		} );
	}
	return {
		list: function ( data, headers ) { return ask( 'GET', '', data, headers ); },
		create: function ( data ) { return ask( 'POST', '', data ); },
		get: function ( id, data ) { return ask( 'GET', '/' + id, data ); },
		update: function ( id, data ) { return ask( 'PUT', '/' + id, data ); },
		remove: function ( id, data ) { return ask( 'DELETE', '/' + id, data ); },
		star: function ( message ) { return ask( 'PUT', '/starred/' + message ); }
	};
};
